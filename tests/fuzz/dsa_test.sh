#!/bin/bash
# SPDX-License-Identifier: MIT
#
# No descriptor, register write or answer of the IOMMU makes the accelerator's
# model write where it must not, or run for ever.
exec bash "$2/tests/fuzz/replay.sh" "$1" "$2" dsa
