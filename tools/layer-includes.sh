#!/bin/sh
# SPDX-License-Identifier: MIT
#
# layer-includes.sh SOURCE DEST - make one include root per layer
#
# Each root is a folder DEST/<root> of symbolic links. A compile gets the roots
# that the layer table in docs/DESIGN.md allows (see src/meson.build), so an
# include of anything else finds no file. Prints the names of the roots.
set -eu

source=$1
dest=$2

# link ROOT NAME TARGET: DEST/ROOT/NAME leads to SOURCE/TARGET
link() {
	mkdir -p "$dest/$1/$(dirname "$2")"
	ln -sfn "$source/$3" "$dest/$1/$2"
}

rm -rf "$dest"
mkdir -p "$dest"

link base base src/base
link fmt fmt src/fmt
link api sva include/sva
link pgtable pgtable src/pgtable
link core core src/core
link compat compat src/compat
link accel accel src/accel
link machine machine src/machine
link vmm vmm src/vmm
link hosted plat/hosted src/plat/hosted
link sim plat/sim src/plat/sim
link cli cli cli
link bench bench bench
link tests tests tests
link fuzz fuzz fuzz

for driver in pci smmuv3 vtd mock; do
	link "drv_$driver" "drivers/$driver" "src/drivers/$driver"
done
for model in port smmuv3 vtd pcie dsa; do
	link "hw_$model" "models/$model" "src/models/$model"
done

# A model implements its own public header, and sees no other.
for model in smmuv3 vtd dsa; do
	link "hw_$model" "sva/${model}_hw.h" "include/sva/${model}_hw.h"
done

# Parts of a layer that another layer may see.
link driver_api core/driver.h src/core/driver.h
for header in model.h types.h; do
	link model_api "sva/$header" "include/sva/$header"
done
for header in types.h system.h device.h ioasid.h mm.h domain.h auxdomain.h \
	      guest.h sva.h fault.h plat.h pci.h why.h; do
	link api_neutral "sva/$header" "include/sva/$header"
done
link compat_api sva/compat include/sva/compat
for header in dsa.h dsa_regs.h dsa_desc.h pcie.h; do
	link fmt_dsa "fmt/$header" "src/fmt/$header"
done

ls "$dest"
