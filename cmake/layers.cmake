# The arrows of the architecture: for each of our libraries, the ones that it may link.
# qml -> console -> shared <- agent; raft knows nothing of anything; units knows nothing of the cluster.

# shared
set(QD_MAY_LINK_qd_base "")
set(QD_MAY_LINK_qd_model qd_base)
set(QD_MAY_LINK_qd_codec qd_base)
set(QD_MAY_LINK_qd_security qd_base)
set(QD_MAY_LINK_qd_rpc qd_base qd_codec qd_security)
set(QD_MAY_LINK_qd_http qd_base)
set(QD_MAY_LINK_qd_unitfile qd_base)

# agent
set(QD_MAY_LINK_qd_raft qd_base)
set(QD_MAY_LINK_qd_wal qd_base qd_raft)
set(QD_MAY_LINK_qd_store qd_base qd_raft)
set(QD_MAY_LINK_qd_replica qd_base qd_model qd_raft qd_wal qd_store)
set(QD_MAY_LINK_qd_peer qd_base qd_raft qd_replica qd_security)
set(QD_MAY_LINK_qd_etcd qd_base qd_store qd_http)
set(QD_MAY_LINK_qd_units_engine qd_base qd_unitfile)
set(QD_MAY_LINK_qd_units_driver qd_base qd_unitfile qd_units_engine)
set(QD_MAY_LINK_qd_journal qd_base qd_model)
set(QD_MAY_LINK_qd_units_bus qd_base qd_unitfile qd_units_engine qd_units_driver qd_journal)
set(QD_MAY_LINK_qd_unitd qd_base qd_unitfile qd_units_engine qd_units_driver qd_units_bus qd_journal)
set(QD_MAY_LINK_qd_fleet_engine qd_base qd_model qd_unitfile)
set(QD_MAY_LINK_qd_fleet qd_base qd_model qd_codec qd_unitfile qd_store qd_fleet_engine)
set(QD_MAY_LINK_qd_fleet_api qd_base qd_model qd_codec qd_rpc qd_security qd_unitfile qd_store qd_fleet_engine qd_fleet
    qd_journal)
set(QD_MAY_LINK_qd_update qd_base qd_model qd_codec qd_rpc qd_security qd_store)
set(QD_MAY_LINK_qd_control qd_base qd_model qd_codec qd_rpc qd_security qd_store qd_replica qd_journal)
set(QD_MAY_LINK_qd_node qd_base qd_model qd_codec qd_rpc qd_http qd_security qd_raft qd_wal qd_store qd_replica qd_peer
    qd_etcd qd_journal qd_fleet_engine qd_fleet qd_fleet_api qd_control qd_unitfile qd_update qd_config)
set(QD_MAY_LINK_qd_host qd_base)
set(QD_MAY_LINK_qd_config qd_base)
set(QD_MAY_LINK_qd_cloudconfig qd_base)

# console
set(QD_MAY_LINK_qd_session qd_base qd_model qd_codec qd_rpc qd_security)
set(QD_MAY_LINK_qd_models qd_base qd_model qd_codec qd_session)
set(QD_MAY_LINK_qd_charts "")
set(QD_MAY_LINK_qd_scripting qd_base qd_model qd_codec qd_session)
set(QD_MAY_LINK_qd_cli qd_base qd_model qd_codec qd_session qd_scripting)
set(QD_MAY_LINK_qd_demo qd_base qd_model qd_codec qd_session qd_models)
set(QD_MAY_LINK_qd_qml qd_base qd_model qd_codec qd_unitfile qd_session qd_models qd_charts qd_scripting)
set(QD_MAY_LINK_qd_window qd_base qd_model qd_codec qd_rpc qd_security qd_session qd_models qd_charts qd_scripting
    qd_demo qd_qml)

# tests
set(QD_MAY_LINK_qd_test_support qd_base)
set(QD_MAY_LINK_qd_simulation qd_base qd_raft qd_wal qd_store qd_replica qd_peer)
