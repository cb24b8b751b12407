#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Nothing that a guest writes into its PASID tables and page tables, or
# invalidates, answers and asks for, leads its device, the VT-d unit or the
# driver to memory that is not its own.
exec bash "$2/tests/fuzz/replay.sh" "$1" "$2" guest_vtd
