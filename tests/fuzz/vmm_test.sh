#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Nothing that a guest writes to its memory, its IOMMU and its function leads
# that function out of the guest's memory, harms the host or another guest, or
# outlives the guest.
exec bash "$2/tests/fuzz/replay.sh" "$1" "$2" vmm
