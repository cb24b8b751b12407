#!/bin/bash
# SPDX-License-Identifier: MIT
#
# No table, descriptor, register write or message makes the VT-d model go where
# the tables do not lead, write where it must not, or run for ever.
exec bash "$2/tests/fuzz/replay.sh" "$1" "$2" vtd
