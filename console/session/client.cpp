// SPDX-License-Identifier: GPL-3.0-or-later
// Compiles the meta-objects of the seam.
#include "console/session/client.h"
