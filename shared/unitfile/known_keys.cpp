// SPDX-License-Identifier: GPL-3.0-or-later
#include "shared/unitfile/known_keys.h"

#include <QHash>

namespace qd::unitfile {

namespace {

// The options of systemd 252, as its --dump-configuration-items prints them, each with its kind
// where we check the value. What several sections share stands once.

constexpr char kExec[] =
    "WorkingDirectory RootDirectory RootImage RootImageOptions RootHash RootHashSignature "
    "RootVerity ExtensionDirectories ExtensionImages MountImages User Group "
    "SupplementaryGroups Nice=NICE OOMScoreAdjust CoredumpFilter IOSchedulingClass "
    "IOSchedulingPriority CPUSchedulingPolicy CPUSchedulingPriority "
    "CPUSchedulingResetOnFork=BOOLEAN CPUAffinity NUMAPolicy NUMAMask UMask=MODE "
    "Environment=ENVIRON EnvironmentFile PassEnvironment UnsetEnvironment "
    "DynamicUser=BOOLEAN RemoveIPC=BOOLEAN StandardInput StandardOutput StandardError "
    "StandardInputText StandardInputData TTYPath TTYReset=BOOLEAN TTYVHangup=BOOLEAN "
    "TTYVTDisallocate=BOOLEAN TTYRows TTYColumns SyslogIdentifier SyslogFacility SyslogLevel "
    "SyslogLevelPrefix=BOOLEAN LogLevelMax LogRateLimitIntervalSec=SECONDS LogRateLimitBurst "
    "LogExtraFields SecureBits CapabilityBoundingSet AmbientCapabilities TimerSlackNSec "
    "NoNewPrivileges=BOOLEAN KeyringMode ProtectProc ProcSubset SystemCallFilter "
    "SystemCallArchitectures SystemCallErrorNumber SystemCallLog "
    "MemoryDenyWriteExecute=BOOLEAN RestrictNamespaces RestrictRealtime=BOOLEAN "
    "RestrictSUIDSGID=BOOLEAN RestrictAddressFamilies LockPersonality=BOOLEAN "
    "RestrictFileSystems LimitCPU=LIMIT LimitFSIZE=LIMIT LimitDATA=LIMIT LimitSTACK=LIMIT "
    "LimitCORE=LIMIT LimitRSS=LIMIT LimitNOFILE=LIMIT LimitAS=LIMIT LimitNPROC=LIMIT "
    "LimitMEMLOCK=LIMIT LimitLOCKS=LIMIT LimitSIGPENDING=LIMIT LimitMSGQUEUE=LIMIT "
    "LimitNICE=LIMIT LimitRTPRIO=LIMIT LimitRTTIME=LIMIT ReadWriteDirectories "
    "ReadOnlyDirectories InaccessibleDirectories ReadWritePaths ReadOnlyPaths "
    "InaccessiblePaths ExecPaths NoExecPaths ExecSearchPath BindPaths BindReadOnlyPaths "
    "TemporaryFileSystem PrivateTmp=BOOLEAN PrivateDevices=BOOLEAN "
    "ProtectKernelTunables=BOOLEAN ProtectKernelModules=BOOLEAN ProtectKernelLogs=BOOLEAN "
    "ProtectClock=BOOLEAN ProtectControlGroups=BOOLEAN NetworkNamespacePath IPCNamespacePath "
    "LogNamespace PrivateNetwork=BOOLEAN PrivateUsers=BOOLEAN PrivateMounts=BOOLEAN "
    "PrivateIPC=BOOLEAN ProtectSystem ProtectHome MountFlags MountAPIVFS Personality "
    "RuntimeDirectoryPreserve RuntimeDirectoryMode=MODE RuntimeDirectory "
    "StateDirectoryMode=MODE StateDirectory CacheDirectoryMode=MODE CacheDirectory "
    "LogsDirectoryMode=MODE LogsDirectory ConfigurationDirectoryMode=MODE "
    "ConfigurationDirectory SetCredential SetCredentialEncrypted LoadCredential "
    "LoadCredentialEncrypted TimeoutCleanSec=SECONDS PAMName IgnoreSIGPIPE=BOOLEAN "
    "UtmpIdentifier UtmpMode SELinuxContext AppArmorProfile SmackProcessLabel "
    "ProtectHostname=BOOLEAN SendSIGKILL=BOOLEAN SendSIGHUP=BOOLEAN KillMode=KILLMODE "
    "KillSignal=SIGNAL RestartKillSignal=SIGNAL FinalKillSignal=SIGNAL WatchdogSignal=SIGNAL ";

constexpr char kResources[] =
    "Slice AllowedCPUs StartupAllowedCPUs AllowedMemoryNodes StartupAllowedMemoryNodes "
    "CPUAccounting=BOOLEAN CPUWeight StartupCPUWeight CPUShares StartupCPUShares CPUQuota "
    "CPUQuotaPeriodSec MemoryAccounting=BOOLEAN MemoryMin DefaultMemoryMin DefaultMemoryLow "
    "MemoryLow MemoryHigh MemoryMax MemorySwapMax MemoryLimit DeviceAllow DevicePolicy "
    "IOAccounting=BOOLEAN IOWeight StartupIOWeight IODeviceWeight IOReadBandwidthMax "
    "IOWriteBandwidthMax IOReadIOPSMax IOWriteIOPSMax IODeviceLatencyTargetSec "
    "BlockIOAccounting=BOOLEAN BlockIOWeight StartupBlockIOWeight BlockIODeviceWeight "
    "BlockIOReadBandwidth BlockIOWriteBandwidth TasksAccounting=BOOLEAN TasksMax Delegate "
    "DisableControllers IPAccounting=BOOLEAN IPAddressAllow IPAddressDeny "
    "IPIngressFilterPath IPEgressFilterPath ManagedOOMSwap ManagedOOMMemoryPressure "
    "ManagedOOMMemoryPressureLimit ManagedOOMPreference BPFProgram SocketBindAllow "
    "SocketBindDeny RestrictNetworkInterfaces ";

constexpr char kUnit[] =
    "Description Documentation SourcePath Requires=UNITS Requisite=UNITS Wants=UNITS "
    "BindsTo=UNITS BindTo=UNITS Upholds=UNITS Conflicts=UNITS Before=UNITS After=UNITS "
    "OnSuccess=UNITS OnFailure=UNITS PropagatesReloadTo=UNITS PropagateReloadTo=UNITS "
    "ReloadPropagatedFrom=UNITS PropagateReloadFrom=UNITS PropagatesStopTo=UNITS "
    "StopPropagatedFrom=UNITS PartOf=UNITS JoinsNamespaceOf=UNITS RequiresOverridable "
    "RequisiteOverridable RequiresMountsFor StopWhenUnneeded=BOOLEAN "
    "RefuseManualStart=BOOLEAN RefuseManualStop=BOOLEAN AllowIsolate=BOOLEAN "
    "DefaultDependencies=BOOLEAN OnSuccessJobMode=MODE OnFailureJobMode=MODE "
    "OnFailureIsolate=BOOLEAN IgnoreOnIsolate=BOOLEAN JobTimeoutSec JobRunningTimeoutSec "
    "JobTimeoutAction JobTimeoutRebootArgument StartLimitIntervalSec=SECONDS "
    "StartLimitInterval=SECONDS StartLimitBurst StartLimitAction FailureAction SuccessAction "
    "FailureActionExitStatus SuccessActionExitStatus RebootArgument ConditionPathExists "
    "ConditionPathExistsGlob ConditionPathIsDirectory ConditionPathIsSymbolicLink "
    "ConditionPathIsMountPoint ConditionPathIsReadWrite ConditionPathIsEncrypted "
    "ConditionDirectoryNotEmpty ConditionFileNotEmpty ConditionFileIsExecutable "
    "ConditionNeedsUpdate ConditionFirstBoot ConditionArchitecture ConditionFirmware "
    "ConditionVirtualization ConditionHost ConditionKernelCommandLine ConditionKernelVersion "
    "ConditionCredential ConditionSecurity ConditionCapability ConditionACPower "
    "ConditionMemory ConditionCPUFeature ConditionCPUs ConditionEnvironment ConditionUser "
    "ConditionGroup ConditionControlGroupController ConditionOSRelease "
    "ConditionMemoryPressure ConditionCPUPressure ConditionIOPressure AssertPathExists "
    "AssertPathExistsGlob AssertPathIsDirectory AssertPathIsSymbolicLink "
    "AssertPathIsMountPoint AssertPathIsReadWrite AssertPathIsEncrypted "
    "AssertDirectoryNotEmpty AssertFileNotEmpty AssertFileIsExecutable AssertNeedsUpdate "
    "AssertFirstBoot AssertArchitecture AssertVirtualization AssertHost "
    "AssertKernelCommandLine AssertKernelVersion AssertCredential AssertSecurity "
    "AssertCapability AssertACPower AssertMemory AssertCPUFeature AssertCPUs "
    "AssertEnvironment AssertUser AssertGroup AssertControlGroupController AssertOSRelease "
    "AssertMemoryPressure AssertCPUPressure AssertIOPressure CollectMode ";

constexpr char kService[] =
    "PIDFile ExecStopPre=COMMAND ExecCondition=COMMAND ExecStartPre=COMMAND ExecStart=COMMAND "
    "ExecStartPost=COMMAND ExecReload=COMMAND ExecStop=COMMAND ExecStopPost=COMMAND "
    "RestartSec=SECONDS TimeoutSec=SECONDS TimeoutStartSec=SECONDS TimeoutStopSec "
    "TimeoutAbortSec TimeoutStartFailureMode=TIMEOUTMODE TimeoutStopFailureMode=TIMEOUTMODE "
    "RuntimeMaxSec=SECONDS RuntimeRandomizedExtraSec=SECONDS WatchdogSec=SECONDS "
    "StartLimitInterval=SECONDS StartLimitBurst StartLimitAction FailureAction "
    "RebootArgument Type=SERVICETYPE ExitType=SERVICEEXITTYPE Restart=SERVICERESTART "
    "PermissionsStartOnly=BOOLEAN RootDirectoryStartOnly=BOOLEAN RemainAfterExit=BOOLEAN "
    "GuessMainPID=BOOLEAN RestartPreventExitStatus=STATUS RestartForceExitStatus=STATUS "
    "SuccessExitStatus=STATUS NonBlocking=BOOLEAN BusName FileDescriptorStoreMax "
    "NotifyAccess=ACCESS Sockets USBFunctionDescriptors USBFunctionStrings OOMPolicy ";

constexpr char kSocket[] =
    "ListenStream=ADDRESS ListenDatagram=ADDRESS ListenSequentialPacket=LOCALADDRESS "
    "ListenFIFO=PATH ListenNetlink=NETLINK ListenSpecial=PATH ListenMessageQueue=PATH "
    "ListenUSBFunction=UNSUPPORTED SocketProtocol BindIPv6Only=BINDIPV6ONLY Backlog "
    "BindToDevice ExecStartPre=COMMAND ExecStartPost=COMMAND ExecStopPre=COMMAND "
    "ExecStopPost=COMMAND TimeoutSec SocketUser SocketGroup SocketMode=MODE "
    "DirectoryMode=MODE Accept=BOOLEAN FlushPending=BOOLEAN Writable=BOOLEAN MaxConnections "
    "MaxConnectionsPerSource KeepAlive=BOOLEAN KeepAliveTimeSec=SECONDS "
    "KeepAliveIntervalSec=SECONDS KeepAliveProbes DeferAcceptSec=SECONDS NoDelay=BOOLEAN "
    "Priority ReceiveBuffer SendBuffer IPTOS IPTTL Mark PipeSize FreeBind=BOOLEAN "
    "Transparent=BOOLEAN Broadcast=BOOLEAN PassCredentials=BOOLEAN PassSecurity=BOOLEAN "
    "PassPacketInfo=BOOLEAN Timestamping TCPCongestion ReusePort=BOOLEAN "
    "MessageQueueMaxMessages MessageQueueMessageSize RemoveOnStop=BOOLEAN Symlinks "
    "FileDescriptorName Service=SERVICE TriggerLimitIntervalSec=SECONDS TriggerLimitBurst "
    "SmackLabel "
    "SmackLabelIPIn SmackLabelIPOut SELinuxContextFromNet=BOOLEAN ";

constexpr char kMount[] =
    "What Where Options Type TimeoutSec DirectoryMode=MODE SloppyOptions=BOOLEAN "
    "LazyUnmount=BOOLEAN ForceUnmount=BOOLEAN ReadWriteOnly=BOOLEAN ";

constexpr char kAutomount[] = "Where ExtraOptions DirectoryMode=MODE TimeoutIdleSec ";

constexpr char kSwap[] = "What Priority Options TimeoutSec ";

constexpr char kTimer[] =
    "OnCalendar=CALENDAR OnActiveSec=WHEN OnBootSec=WHEN OnStartupSec=WHEN "
    "OnUnitActiveSec=WHEN OnUnitInactiveSec=WHEN "
    "OnClockChange=BOOLEAN OnTimezoneChange=BOOLEAN Persistent=BOOLEAN WakeSystem=BOOLEAN "
    "RemainAfterElapse=BOOLEAN FixedRandomDelay=BOOLEAN AccuracySec=SECONDS "
    "RandomizedDelaySec=SECONDS Unit ";

constexpr char kPath[] =
    "PathExists PathExistsGlob PathChanged PathModified DirectoryNotEmpty Unit "
    "MakeDirectory=BOOLEAN DirectoryMode=MODE TriggerLimitIntervalSec=SECONDS "
    "TriggerLimitBurst ";

constexpr char kSlice[] = "";

constexpr char kScope[] =
    "SendSIGKILL=BOOLEAN SendSIGHUP=BOOLEAN KillMode=KILLMODE KillSignal=SIGNAL "
    "RestartKillSignal=SIGNAL FinalKillSignal=SIGNAL WatchdogSignal=SIGNAL "
    "RuntimeMaxSec=SECONDS RuntimeRandomizedExtraSec=SECONDS TimeoutStopSec=SECONDS "
    "OOMPolicy ";

constexpr char kInstall[] = "Alias WantedBy RequiredBy Also DefaultInstance ";

using Keys = QHash<QString, QString>;

void addKeys(Keys &keys, const char *text)
{
    const QStringList words = QString::fromLatin1(text).split(u' ', Qt::SkipEmptyParts);
    for (const QString &word : words)
        keys.insert(word.section(u'=', 0, 0), word.section(u'=', 1));
}

QHash<QString, Keys> readSections()
{
    QHash<QString, Keys> out;
    const auto section = [&out](const char *name, std::initializer_list<const char *> lists) {
        for (const char *list : lists)
            addKeys(out[QString::fromLatin1(name)], list);
    };
    section("Unit", {kUnit});
    section("Service", {kService, kExec, kResources});
    section("Socket", {kSocket, kExec, kResources});
    section("Mount", {kMount, kExec, kResources});
    section("Automount", {kAutomount});
    section("Swap", {kSwap, kExec, kResources});
    section("Timer", {kTimer});
    section("Path", {kPath});
    section("Slice", {kSlice, kResources});
    section("Scope", {kScope, kResources});
    section("Install", {kInstall});
    return out;
}

const QHash<QString, Keys> &sections()
{
    static const QHash<QString, Keys> all = readSections();
    return all;
}

} // namespace

bool isKnownSection(const QString &section)
{
    return sections().contains(section);
}

std::optional<QString> optionKind(const QString &section, const QString &name)
{
    const auto keys = sections().find(section);
    if (keys == sections().end())
        return std::nullopt;
    const auto kind = keys->find(name);
    if (kind == keys->end())
        return std::nullopt;
    return *kind;
}

QStringList knownOptions(const QString &section)
{
    QStringList out = sections().value(section).keys();
    out.sort();
    return out;
}

} // namespace qd::unitfile
