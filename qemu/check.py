#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Boot unmodified Debian kernels in stock QEMU behind the plug-in's IOMMUs.

check.py [-l] [-v] [-j JOBS] [--cache DIR] [--log FILE]
         [--kernel FILE [--modules FOLDER]] --plugins FOLDER [CASE...]

A case is a machine, a kernel and what its guest does; it passes if the guest
says that everything it tried worked, if the kernel's log has no complaint that
the case does not provoke, and if QEMU ends by itself with status 0.
"""

import argparse
import concurrent.futures
import glob
import hashlib
import json
import os
import queue
import re
import resource
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time

import faults

HERE = os.path.dirname(os.path.abspath(__file__))

# Whatever a kernel says of this kind is a failure, unless the case wants it.
COMPLAINTS = re.compile(
    r"WARNING:|BUG:|Oops|Call [Tt]race|Kernel panic|blocked for more|"
    r"arm-smmu-v3.*(event 0x|unexpected|timeout|error|failed|CMDQ)|"
    r"DMAR:.*(fault|\[Firmware Bug\]|error|failed|Invalidation|timeout)|"
    r"I/O error|timed out|soft lockup|rcu: INFO.*stall")
# The timer's interrupt can be on its way, in the format of before, when the
# guest switches to extended interrupt mode, which blocks it.
BOOT = re.compile(r"\[INTR-REMAP\] Request device \[0000:ff:00.0\].*0x25\]|"
                  r"DMAR: DRHD: handling fault status")
# Two emulated CPUs on a busy host.
HARMLESS = re.compile(r"clocksource: Watchdog remote CPU")

ARM = {
    "arch": "arm64",
    "kernel": ["linux-image-6.12.95+deb12-arm64"],
    "qemu": "qemu-system-aarch64",
    "machine": ["-M", "virt,gic-version=3,its=on", "-cpu", "max"],
    "console": "ttyAMA0",
    "unit": "sva-smmuv3",
    "found": r"arm-smmu-v3 9050000\.iommu: ias 48-bit",
}

X86 = {
    "arch": "amd64",
    "kernel": ["linux-image-6.12.95+deb12-amd64"],
    "qemu": "qemu-system-x86_64",
    "machine": ["-M", "q35", "-accel", "tcg", "-cpu", "max"],
    "console": "ttyS0",
    "unit": "sva-vtd",
    "found": r"DMAR: dmar0: reg_base_addr fed90000",
}

# A kernel whose idxd driver starts without the CPU flag that QEMU lacks.
NEW = dict(X86, kernel=["linux-binary-7.2.11+deb13-amd64",
                        "linux-modules-7.2.11+deb13-amd64"])

OLDER = dict(X86, kernel=["linux-image-6.18.15+deb13-amd64"])

# With SVA, which Debian's own kernel has not: see qemu/guest/kernel.sh. Tables
# are the processes', whose addresses no unit may be too narrow for.
STALL = dict(ARM, kernel=["linux-sva"], apart=True, own=True, sva="stalls",
             machine=["-M", "virt,gic-version=3,its=on", "-cpu",
                      "neoverse-n1"],
             unit_options=",idr1-sidsize=17,idr0-stall-model=0,"
             "idr5-stall-max=64",
             extra=["-device", "sva-dsa-platform,id=dsa0"])

DISKS = "groups,nvme,virtio,net,msi"
IDXD = "idxd,trace,jobs,crowd,tally"
# The same, set up by accel-config.
ACCEL = "accel,trace,jobs,crowd,tally"
# Linux takes the present bit of a PASID entry away when a process exits, and
# says only then that faults are not to be recorded: jobs that are under way
# are heard of in between. Their completion records have nowhere to go either.
EXIT = r"DMAR: (DRHD: handling fault status|\[DMA (Read|Write) PASID .* 0x59\])"
SCALABLE = "intel_iommu=on,sm_on"
# What is not there, not writable, and not at the PASID any more.
PASID_FAULTS = {
    "arm64": r"event 0x(10|13|0a) received|unexpected PRI request",
    "amd64": r"DRHD: handling fault status|"
             r"\[DMA (Read|Write) PASID .* 0x(59|79|85)\]",
}
# sva_guest.ko has the accelerator.
SVA = {"own": True, "sva": True, "extra": ["-device", "sva-dsa,id=dsa0"]}


def case(name, base, **more):
    """A case is a base with a few things of its own."""
    made = {
        "name": name, "steps": DISKS, "unit_options": "", "append": "",
        "cpus": 1, "expect": [], "provokes": None, "devices": None,
        "extra": [], "memory": "1G", "must_fail": False,
        "modules": [], "sva": False, "allows": None, "own": False,
        "provoked": {}, "apart": False, "packages": {},
    }
    made.update(base)
    made.update(more)
    return made


# What is wanted of a package, and where.
ACCEL_CONFIG = {
    "accel-config": {"usr/bin/accel-config": "bin"},
    "libaccel-config1": {"usr/lib/x86_64-linux-gnu/libaccel-config.so.1":
                         "lib/x86_64-linux-gnu"},
    "libjson-c5": {"usr/lib/x86_64-linux-gnu/libjson-c.so.5":
                   "lib/x86_64-linux-gnu"},
    "libc6": {"lib/x86_64-linux-gnu/libc.so.6": "lib/x86_64-linux-gnu",
              "lib/x86_64-linux-gnu/ld-linux-x86-64.so.2": "lib64"},
}

CASES = [
    case("arm64-smmuv3-strict", ARM, expect=[r"group \d+ DMA "]),
    case("arm64-smmuv3-eager", ARM, unit_options=",personality=eager"),
    case("arm64-smmuv3-smp", ARM, cpus=2, devices="iothread"),
    case("arm64-smmuv3-lazy", ARM, append="iommu.strict=0",
         expect=[r"group \d+ DMA-FQ "]),
    case("arm64-smmuv3-passthrough", ARM, append="iommu.passthrough=1",
         expect=[r"group \d+ identity "]),
    case("arm64-smmuv3-reboot", ARM, steps=DISKS + ",reboot"),
    case("arm64-smmuv3-ports", ARM, devices="ports", steps=DISKS + ",hotplug"),
    case("arm64-smmuv3-linear", ARM,
         unit_options=",idr0-st-level=0,idr1-sidsize=6"),
    case("arm64-smmuv3-no-ril", ARM, unit_options=",idr3-ril=0"),
    # CMD_TLBI_NH_VA: without it the guest's checks have to fail.
    case("arm64-smmuv3-drop-tlbi", ARM, unit_options=",drop=18",
         must_fail=True),
    case("arm64-smmuv3-dsa", ARM, extra=["-device", "sva-dsa"],
         expect=[r"\[8086:0b25\]"]),
    case("arm64-smmuv3-faults", ARM, steps="smmuv3_faults,smmuv3_fail",
         unit_options=",idr1-eventqs=4,idr1-priqs=4", devices="ats",
         provoked=faults.SMMUV3),
    case("arm64-smmuv3-stall-strict", STALL, steps="sva,svacrowd,pasid",
         provokes=PASID_FAULTS["arm64"]),
    case("arm64-smmuv3-stall-eager", STALL, steps="sva,svacrowd", cpus=2,
         unit_options=STALL["unit_options"] + ",personality=eager",
         extra=["-device",
                "sva-dsa-platform,id=dsa0,personality=eager,engines=2"]),
    case("arm64-smmuv3-stall-few", STALL, steps="pasid,exhaust",
         provokes=PASID_FAULTS["arm64"],
         unit_options=STALL["unit_options"] + ",idr1-ssidsize=5"),
    # CMD_TLBI_NH_VA; CMD_RESUME.
    case("arm64-smmuv3-stall-drop-tlbi", STALL, steps="sva",
         unit_options=STALL["unit_options"] + ",drop=18", must_fail=True),
    case("arm64-smmuv3-stall-drop-resume", STALL, steps="sva",
         unit_options=STALL["unit_options"] + ",drop=68", must_fail=True),
    case("amd64-vtd-strict", X86, append=SCALABLE,
         expect=[r"DMAR-IR: Enabled IRQ remapping in x2apic mode"]),
    case("amd64-vtd-eager", X86, append=SCALABLE,
         unit_options=",personality=eager"),
    case("amd64-vtd-smp", X86, append=SCALABLE + " iommu.strict=1", cpus=2,
         devices="iothread", expect=[r"group \d+ DMA "]),
    case("amd64-vtd-legacy", X86, append="intel_iommu=on,sm_off",
         expect=[r"Scalable mode is disallowed"]),
    case("amd64-vtd-passthrough", X86, append="iommu.passthrough=1",
         expect=[r"group \d+ identity "]),
    case("amd64-vtd-second-stage", X86, append=SCALABLE,
         unit_options=",cap-fs1gp=0,cap-fs5lp=0,ecap-fsts=0,"
         "ecap-nest=0,ecap-eafs=0"),
    case("amd64-vtd-ports", X86, append=SCALABLE, devices="ports",
         steps=DISKS + ",hotplug"),
    case("amd64-vtd-reboot", X86, append=SCALABLE, steps=DISKS + ",reboot"),
    case("amd64-vtd-new", NEW, append=SCALABLE),
    # The PASID-based IOTLB invalidation of first-stage domains.
    case("amd64-vtd-drop-piotlb", X86, append=SCALABLE + " iommu.strict=1",
         unit_options=",drop=6", must_fail=True),
    case("amd64-vtd-idxd-strict", NEW, steps=ACCEL, sva=True, allows=EXIT,
         packages=ACCEL_CONFIG,
         append=SCALABLE + " setcpuid=movdir64b", modules=["idxd"],
         extra=["-device", "sva-dsa,id=dsa0"]),
    case("amd64-vtd-idxd-eager", NEW, steps=IDXD, sva=True, allows=EXIT,
         unit_options=",personality=eager",
         append=SCALABLE + " setcpuid=movdir64b", modules=["idxd"],
         extra=["-device", "sva-dsa,id=dsa0,personality=eager"]),
    case("amd64-vtd-idxd-smp", NEW, steps=ACCEL, sva=True, allows=EXIT, cpus=2,
         packages=ACCEL_CONFIG,
         append=SCALABLE + " setcpuid=movdir64b", modules=["idxd"],
         extra=["-device", "sva-dsa,id=dsa0,engines=2"]),
    case("amd64-vtd-faults", NEW, steps="idxd,vtd_faults", devices="ats",
         append=SCALABLE + " setcpuid=movdir64b", modules=["idxd"],
         extra=["-device", "sva-dsa,id=dsa0"], provoked=faults.VTD),
    # This one invalidates by domain what 7.2 does by PASID.
    case("amd64-vtd-idxd-6.18", OLDER, steps=IDXD, sva=True, allows=EXIT,
         append=SCALABLE + " setcpuid=movdir64b", modules=["idxd"],
         extra=["-device", "sva-dsa,id=dsa0"]),
    # Processes by sva_guest.ko, on a kernel that its idxd does not start on.
    case("amd64-vtd-sva-strict", X86, **SVA, append=SCALABLE, allows=EXIT,
         steps="trace,sva,svacrowd,tally",
         expect=["the kernel refuses to bind: by hand"]),
    case("amd64-vtd-sva-eager", X86, steps="sva,svacrowd", allows=EXIT,
         append=SCALABLE, unit_options=",personality=eager", cpus=2,
         **dict(SVA, extra=[*SVA["extra"][:-1],
                            "sva-dsa,id=dsa0,personality=eager,engines=2"])),
    case("amd64-vtd-sva-drop-devtlb", X86, steps="sva", **SVA, allows=EXIT,
         append=SCALABLE, unit_options=",drop=8", must_fail=True),
    # Domains at PASIDs, and page requests that nobody is there to handle.
    case("amd64-vtd-pasid", X86, steps="pasid,refused", **SVA,
         append=SCALABLE, provokes=PASID_FAULTS["amd64"],
         expect=[r"PASID 0x1\] .*0x300000000 .* 0x59\]",
                 r"PASID 0x1\] .*0x100000000 .* 0x79\]",
                 r"PASID 0x1\] .*0x200000000 .* 0x85\]"]),
    case("amd64-vtd-pasid-few", X86, steps="exhaust", **dict(SVA, sva=False),
         append=SCALABLE, unit_options=",ecap-pss=4"),
    # The invalidation of the PASID cache, that of a detached domain.
    case("amd64-vtd-pasid-drop-pc", X86, steps="pasid", **SVA,
         append=SCALABLE, unit_options=",drop=7", must_fail=True),
    case("arm64-smmuv3-pasid", ARM, steps="pasid,refused", **SVA,
         provokes=PASID_FAULTS["arm64"],
         expect=["event 0x10 received", "event 0x13 received",
                 "event 0x0a received",
                 r"sid 0x00000020\.0x00001: \[0L\] unprivileged W access"
                 " at iova 0x0000000200000000"]),
    case("arm64-smmuv3-pasid-few", ARM, steps="exhaust",
         **dict(SVA, sva=False), unit_options=",idr1-ssidsize=5"),
    # CMD_CFGI_CD, that of a detached domain; CMD_ATC_INV.
    case("arm64-smmuv3-pasid-drop-cd", ARM, steps="pasid", **SVA,
         unit_options=",drop=5", must_fail=True),
    case("arm64-smmuv3-pasid-drop-atc", ARM, steps="pasid", **SVA,
         unit_options=",drop=64", must_fail=True),
    # Without the invalidation of the device's cache its copies go astray.
    case("amd64-vtd-idxd-drop-devtlb", NEW, sva=True,
         steps="idxd,trace,remap,tally", allows=EXIT,
         unit_options=",drop=8", must_fail=True,
         append=SCALABLE + " setcpuid=movdir64b", modules=["idxd"],
         extra=["-device", "sva-dsa,id=dsa0"]),
]


class Failure(Exception):
    """What went wrong, for a person."""


# Initial RAM disks


def modules_of(root):
    """name -> file of each module of an unpacked kernel package."""
    found = {}
    for top in ("lib/modules", "usr/lib/modules"):
        for folder, _, files in os.walk(os.path.join(root, top)):
            for name in files:
                stem = name.split(".ko")[0].replace("-", "_")
                if ".ko" in name:
                    found[stem] = os.path.join(folder, name)
    return found


def read_module(path):
    """The ELF file, uncompressed."""
    with open(path, "rb") as f:
        data = f.read()
    if path.endswith(".xz"):
        data = subprocess.run(["xz", "-dc"], input=data, check=True,
                              stdout=subprocess.PIPE).stdout
    return data


def add_module(found, name, images):
    """Put a module and what it depends on into images, in loading order."""
    name = name.replace("-", "_")
    if name in images or name not in found:
        return  # there already, or built into this kernel
    data = read_module(found[name])
    depends = re.search(rb"\0depends=([^\0]*)\0", data)
    for other in depends.group(1).decode().split(",") if depends else []:
        if other:
            add_module(found, other, images)
    images[name] = data


MODULES = ["virtio_pci", "virtio_blk", "nvme", "virtio_net", "e1000e",
           "af_packet"]


def add_packages(packages, guest, top):
    """Files of unpacked packages."""
    for package, files in packages.items():
        for name, to in files.items():
            os.makedirs(os.path.join(top, to), exist_ok=True)
            shutil.copy(os.path.join(guest, package, name),
                        os.path.join(top, to))


def add_programs(folder, arch):
    """The programs of guest/, built for the machine they run on."""
    compiler = {"amd64": "x86_64", "arm64": "aarch64"}[arch]
    for name in ("sva_job", "pasid_job"):
        subprocess.run([f"{compiler}-linux-gnu-gcc", "-std=gnu11", "-O2",
                        "-Wall", "-Werror", "-static", "-o",
                        os.path.join(folder, name),
                        os.path.join(HERE, "guest", name + ".c")], check=True)


def build_initrd(arch, kernel_roots, busybox_root, path, extra, own,
                 packages):
    """busybox, the modules the guest wants, and guest/init."""
    with tempfile.TemporaryDirectory() as top:
        for name in ("bin", "dev", "proc", "sys", "tmp", "modules"):
            os.mkdir(os.path.join(top, name))
        for place in ("usr/bin/busybox", "bin/busybox"):
            busybox = os.path.join(busybox_root, place)
            if os.path.exists(busybox):
                shutil.copy(busybox, os.path.join(top, "bin/busybox"))
                break
        else:
            raise Failure(f"no busybox in {busybox_root}")
        for applet in ("sh mount sed cat echo ls tr dd md5sum cut ip nc awk "
                       "sleep usleep head reboot poweroff insmod uname nproc "
                       "rm expr grep dmesg").split():
            os.symlink("busybox", os.path.join(top, "bin", applet))
        add_programs(os.path.join(top, "bin"), arch)
        add_packages(packages, os.path.dirname(busybox_root), top)
        images = {}
        found = {}
        for root in kernel_roots:
            found.update(modules_of(root))
        for name in MODULES + extra:
            add_module(found, name, images)
        if own:
            with open(own, "rb") as f:
                images["sva_guest"] = f.read()
        for name, data in images.items():
            with open(os.path.join(top, "modules", name + ".ko"), "wb") as f:
                f.write(data)
        with open(os.path.join(top, "modules/order"), "w") as f:
            f.write("".join(name + ".ko\n" for name in images))
        for name in ("init", "faults"):
            shutil.copy(os.path.join(HERE, "guest", name), top)
        os.chmod(os.path.join(top, "init"), 0o755)
        names = subprocess.run(["find", ".", "-print0"], cwd=top, check=True,
                               stdout=subprocess.PIPE).stdout
        archive = subprocess.run(
            ["cpio", "--null", "-o", "-H", "newc", "--quiet", "-R", "0:0"],
            cwd=top, input=names, check=True, stdout=subprocess.PIPE).stdout
    with open(path, "wb") as f:
        f.write(subprocess.run(["gzip", "-1n"], input=archive, check=True,
                               stdout=subprocess.PIPE).stdout)


# One run


def random_file(path, size):
    """A file of random bytes; the MD5 sum of its first 8 MiB."""
    data = os.urandom(size)
    with open(path, "wb") as f:
        f.write(data)
    return hashlib.md5(data[:8 << 20]).hexdigest()


class Qmp:
    """QEMU's control socket."""

    def __init__(self, path):
        self.sock = socket.socket(socket.AF_UNIX)
        deadline = time.monotonic() + 30
        while True:
            try:
                self.sock.connect(path)
                break
            except OSError:
                if time.monotonic() > deadline:
                    raise Failure("QEMU did not start") from None
                time.sleep(0.05)
        self.sock.settimeout(30)
        self.file = self.sock.makefile("r")
        self.file.readline()
        self.command("qmp_capabilities")

    def command(self, name, **arguments):
        """The answer, events skipped."""
        text = json.dumps({"execute": name, "arguments": arguments})
        try:
            self.sock.sendall(text.encode() + b"\n")
        except OSError as e:
            raise Failure(f"QEMU ended before {name}: {e}") from None
        while True:
            try:
                line = self.file.readline()
            except OSError:
                line = ""
            if not line:
                raise Failure(f"QEMU ended instead of answering {name}")
            answer = json.loads(line)
            if "return" in answer:
                return answer["return"]
            if "error" in answer:
                raise Failure(f"{name}: {answer['error']['desc']}")

    def stats(self, path):
        """The counters of one of the plug-in's devices."""
        return json.loads(self.command("qom-get", path=path,
                                       property="stats"))


def device_arguments(c):
    """Disks and a network card, in one of several arrangements."""
    out, port = [], ""
    iothread = ""
    if c["devices"] == "iothread":
        out += ["-object", "iothread,id=io0"]
        iothread = ",iothread=io0"
    net = "virtio-net-pci,netdev=net0,disable-legacy=on,iommu_platform=on"
    if c["devices"] == "ports":
        for i in range(4):
            out += ["-device", f"pcie-root-port,id=port{i},chassis={i + 1}"]
        net = "e1000e,netdev=net0,bus=port2"
        port = ",bus=port"
    ats = ""
    buses = [port + str(i) if port else "" for i in range(2)]
    if c["devices"] == "ats":
        # Only behind a port QEMU lets a virtio device have the capability.
        out += ["-device", "pcie-root-port,id=port0,chassis=1"]
        buses[1], ats = ",bus=port0", ",ats=on"
    return out + [
        "-device", "nvme,drive=disk0,serial=sva" + buses[0],
        "-device", "virtio-blk-pci,drive=disk1,disable-legacy=on,"
        "iommu_platform=on" + iothread + ats + buses[1],
        "-device", net,
    ]


class Run:
    """A case at work: its files, its QEMU, and what its console said."""

    def __init__(self, c, options, folder):
        self.case, self.options, self.folder = c, options, folder
        self.lines = []
        self.begun, self.ended = None, False
        self.asked = queue.Queue()
        self.after = []
        self.counted = {}
        self.noticed = False
        self.tallies = None

    def command_line(self):
        c, cache = self.case, self.options.cache
        kernel = [os.path.join(cache, "guest", c["arch"], package)
                  for package in c["kernel"]]
        images = [found for place in ("boot/vmlinuz-*",
                                      "usr/lib/modules/*/vmlinuz")
                  for found in glob.glob(os.path.join(kernel[0], place))]
        if self.options.kernel:
            images = [self.options.kernel]
            kernel = [self.options.modules] if self.options.modules else []
        if not images:
            raise Failure(f"no kernel in {kernel[0]}")
        initrd = os.path.join(self.folder, "initrd.gz")
        own = c["own"] and os.path.join(
            self.options.plugins, "module",
            c["arch"] + ("-sva" if c["apart"] else ""), "sva_guest.ko")
        build_initrd(c["arch"], kernel,
                     os.path.join(cache, "guest", c["arch"], "busybox-static"),
                     initrd, c["modules"], own, c["packages"])
        sums, drives = [], []
        for i in range(2):
            path = os.path.join(self.folder, f"disk{i}.img")
            sums.append(random_file(path, 16 << 20))
            drives += ["-drive", f"if=none,id=disk{i},file={path},format=raw"]
        hot = ""
        if "hotplug" in c["steps"]:
            path = os.path.join(self.folder, "hot.img")
            hot = f"hot={random_file(path, 16 << 20)} "
            drives += ["-blockdev", "driver=raw,node-name=hot,"
                       f"file.driver=file,file.filename={path}"]
        served = os.path.join(self.folder, "served")
        sums.append(random_file(served, 4 << 20))
        # A busy host gives the guest's timer less time than its test does, and
        # its CPUs less than RCU expects.
        timer = "rcupdate.rcu_cpu_stall_timeout=120 " + (
            "no_timer_check " if c["arch"] == "amd64" else "")
        # Jobs whose records go astray are not worth more.
        patience = "patience=4 " if c["must_fail"] else ""
        append = (f"console={c['console']} panic=-1 {timer}{patience}"
                  f"sva={c['steps']} "
                  f"disk0={sums[0]} disk1={sums[1]} net={sums[2]} {hot}"
                  f"{c['append']}")
        return [
            c["qemu"], *c["machine"], "-smp", str(c["cpus"]),
            "-m", c["memory"], "-display", "none", "-monitor", "none",
            "-serial", "stdio", "-no-user-config", "-nodefaults",
            "-no-shutdown",
            "-qmp", f"unix:{self.folder}/qmp,server=on,wait=off",
            "-kernel", images[0],
            "-initrd", initrd, "-append", append,
            "-plugin", os.path.join(self.options.plugins,
                                    f"libsva-qemu-{c['qemu'][12:]}.so"),
            "-device", f"{c['unit']},id=unit{c['unit_options']}",
            *self.tables(), *drives,
            "-netdev", "user,id=net0,restrict=on,guestfwd=tcp:10.0.2.100:1234"
            f"-cmd:cat {served}",
            *device_arguments(c), *c["extra"],
        ]

    def tables(self):
        """What tells the guest of the IOMMU, if not a device tree."""
        if self.case["arch"] != "amd64":
            return []
        path = os.path.join(self.folder, "dmar")
        with open(path, "wb") as f:
            subprocess.run([os.path.join(self.options.plugins, "../sva"),
                            "acpi", "--iommu=vtd"], stdout=f, check=True)
        return ["-acpitable", f"file={path}"]

    def read_console(self, process):
        begun = ""
        for raw in process.stdout:
            line = raw.decode(errors="replace").rstrip()
            self.lines.append(line)
            if self.options.verbose:
                print(f"    {line}", flush=True)
            if "sva: begin " in line:
                self.begun = time.monotonic()
            if line.endswith("sva: end"):
                self.ended = True
            self.noticed |= bool(re.search(r"sva: \S+ FAIL\b", line))
            begun = self.note_question(begun + line)

    def note_question(self, text):
        """Queue what the guest asks; what of @text may yet become that."""
        start = text.find("sva: ask ")
        if start < 0:
            return ""
        # The kernel may have cut in.
        text = re.sub(r"\[ *\d+\.\d{6}\].*", "", text[start:])
        whole = re.match(r"sva: ask (.*) \.", text)
        if not whole:
            return text
        self.asked.put(whole.group(1).split())
        return ""

    def answer(self, qmp, words):
        """Do what the guest asks for; what it gets to read."""
        unit = "/machine/peripheral/unit"
        what, rest = words[0], words[1:]
        try:
            if what == "inject":
                qmp.command("qom-set", path=unit, property="inject",
                            value=" ".join(rest))
            elif what == "stats":
                self.counted[rest[0]] = qmp.stats(unit)
            elif what == "plug":
                self.plug(qmp, rest[0])
            elif what == "unplug":
                qmp.command("device_del", id="hot")
            elif what == "after":
                self.after += rest
            elif what == "settled":
                left = qmp.command("qom-get", path=unit, property="inject")
                if left != "0" or self.after:
                    return f"{left} and {self.after} have not happened"
            else:
                return "nobody knows what that is"
        except Failure as e:
            return str(e)
        return "done"

    @staticmethod
    def plug(qmp, driver):
        """A disk into the last port, once the one before it has left."""
        more = {"serial": "hot"} if driver == "nvme" else {
            "disable-legacy": "on", "iommu_platform": True}
        deadline = time.monotonic() + 60
        while True:
            try:
                qmp.command("device_add", driver=driver, id="hot",
                            drive="hot", bus="port3", **more)
                return
            except Failure as e:
                # The guest, and then QEMU, take their time to let it go.
                if not re.search("[Dd]uplicate|conflict|in use", str(e)) or \
                        time.monotonic() > deadline:
                    raise
            time.sleep(0.1)

    def serve(self, qmp, process):
        """Answer the guest for a while."""
        unit = "/machine/peripheral/unit"
        try:
            words = self.asked.get(timeout=0.2)
        except queue.Empty:
            pass
        else:
            process.stdin.write(self.answer(qmp, words).encode() + b"\n")
            process.stdin.flush()
        # Once nothing is left to go wrong, the rest follows.
        if self.after and qmp.command("qom-get", path=unit,
                                      property="inject") == "0":
            time.sleep(0.2)
            qmp.command("qom-set", path=unit, property="inject",
                        value=self.after.pop(0))

    def boot(self):
        """Start QEMU, wait for the guest's end, and ask for the counters."""
        with open(os.path.join(self.folder, "stderr"), "wb") as errors:
            process = subprocess.Popen(
                self.command_line(), stdin=subprocess.PIPE,
                stdout=subprocess.PIPE, stderr=errors)
        reader = threading.Thread(target=self.read_console, args=(process,))
        reader.start()
        try:
            qmp = Qmp(os.path.join(self.folder, "qmp"))
            deadline = time.monotonic() + self.options.timeout
            while qmp.command("query-status")["status"] != "shutdown":
                if self.case["must_fail"] and self.has_failed():
                    break
                if time.monotonic() > deadline:
                    raise Failure("the guest did not come to an end")
                if process.poll() is not None:
                    raise Failure(f"QEMU ended: {process.returncode}")
                self.serve(qmp, process)
            stats = qmp.stats("/machine/peripheral/unit")
            if self.case["sva"]:
                stats["dsa"] = qmp.stats("/machine/peripheral/dsa0")
            qmp.command("quit")
            status = process.wait(30)
            if status:
                raise Failure(f"QEMU's status is {status}")
            return stats
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
            reader.join()

    def has_failed(self):
        """What had to fail: it says so, or hangs for too long."""
        counts = "tally" in self.case["steps"]
        patience = 60 if self.case["own"] or counts else 20
        return (self.noticed and not counts) or (
            self.begun and time.monotonic() > self.begun + patience)

    def judge(self, stats):
        """Raise for whatever is not as it should be."""
        c = self.case
        said = [l[l.index("sva: ") + 5:] for l in self.lines if "sva: " in l]
        passed = [s for s in said if re.match(r"\S+ ok\b", s)]
        failed = [s for s in said if re.match(r"\S+ FAIL\b", s)]
        problems = list(failed)
        if not self.ended:
            problems.append("the guest did not say that it was through")
        if len(passed) < len(c["steps"].split(",")):
            problems.append(f"only {len(passed)} things were tried")
        text = "\n".join(self.lines)
        for wanted in [c["found"], *c["expect"]]:
            if not re.search(wanted, text):
                problems.append(f"nothing matches {wanted}")
        sections, rest = self.sections()
        problems += judge_provoked(sections, c["provoked"])
        for line in rest:
            if not COMPLAINTS.search(line) or HARMLESS.search(line):
                continue
            if c["arch"] == "amd64" and BOOT.search(line):
                continue
            if c["allows"] and re.search(c["allows"], line):
                continue
            if not c["provokes"] or not re.search(c["provokes"], line):
                problems.append(line)
        if c["provokes"] and not re.search(c["provokes"], text):
            problems.append(f"nothing matches {c['provokes']}")
        if "passthrough" not in c["name"] and not stats["walks"]:
            problems.append("the model walked no table")
        if c["must_fail"]:
            # As far as that it comes without what is dropped.
            if not re.search(c["found"], text) or not any(
                    s.startswith("begin ") for s in said):
                raise Failure("its guest did not begin")
            if not stats["dropped"]:
                raise Failure("nothing was dropped")
            # Disks may hang for longer than anybody waits; jobs do not.
            if not failed and (self.ended or c["own"]):
                raise Failure("its guest noticed nothing")
            if "tally" in c["steps"]:
                self.judge_missing(said)
            return len(passed) + len(failed)
        if c["sva"]:
            problems += self.judge_sva(stats)
        if "tally" in c["steps"]:
            problems += self.judge_counts(said)
        if problems:
            raise Failure("\n".join(problems[:12]))
        return len(passed)


    def sections(self):
        """name -> lines while that was provoked; and the other lines."""
        sections, rest, here = {}, [], None
        for line in self.lines:
            mark = re.search(r"sva: (provoked?) (\S+)", line)
            if mark:
                name = mark.group(2)
                here = None
                if mark.group(1) == "provoke":
                    here = sections.setdefault(name, [])
            elif here is not None:
                here.append(line)
            else:
                rest.append(line)
        return sections, rest

    def judge_counts(self, said):
        """What the guest's driver counted, against the model's counters."""
        guest = {}
        for s in said:
            mark = re.match(r"tally-(begin|end) ok (.*)", s)
            if mark:
                guest[mark.group(1)] = {
                    name: int(n) for name, n in
                    (word.split("=") for word in mark.group(2).split())}
        if set(guest) != {"begin", "end"} or set(self.counted) != set(guest):
            return ["the guest did not count"]
        theirs = {name: guest["end"][name] - guest["begin"][name]
                  for name in guest["end"]}
        ours = {name: self.counted["end"][name] - n
                for name, n in self.counted["begin"].items()}
        problems = compare_counts(theirs, ours)
        # One off, each in turn, has to be noticed.
        for name in theirs if not problems else []:
            off = dict(theirs, **{name: theirs[name] + 1})
            if name != "waits" and not compare_counts(off, ours):
                problems.append(f"{name}: one more is not noticed")
        self.tallies = theirs
        return problems

    def judge_missing(self, said):
        """The counts differ by what was dropped, and by nothing else."""
        problems = self.judge_counts(said)
        gone = self.tallies and self.counted["end"]["dropped"] - \
            self.counted["begin"]["dropped"]
        wanted = [f"{what}: the guest counts {a}, the model {a - gone}"
                  for what, a in (("device TLB invalidations",
                                   self.tallies["ats"]),
                                  ("descriptors",
                                   submitted(self.tallies)))] if gone else []
        if not gone or problems != wanted:
            raise Failure("\n".join([f"{gone} dropped"] + problems))

    def judge_sva(self, stats):
        """What the device sent, the IOMMU passed on, and the guest counted."""
        dsa, problems = stats["dsa"], []
        pairs = [
            ("stalls and resumes", dsa["stalls"], dsa["resumes"]),
        ] if self.case["sva"] == "stalls" else [
            ("page requests sent and received",
             dsa["page_requests"], stats["page_requests"]),
            ("groups and responses",
             dsa["page_groups"], dsa["page_responses"]),
            ("responses sent and received",
             stats["prg_responses"], dsa["page_responses"]),
        ]
        for what, a, b in pairs:
            if a != b or not a:
                problems.append(f"{what}: {a} and {b}")
        return problems


def submitted(guest):
    """All descriptors but those that wait."""
    return sum(guest[name] for name in
               ("config", "tlb", "ats", "responses", "other"))


def compare_counts(guest, model):
    """Submitted and executed, received and queued: what differs."""
    pairs = [
        ("configuration invalidations", guest["config"],
         model["config_invalidations"]),
        ("TLB invalidations", guest["tlb"], model["tlb_invalidations"]),
        ("device TLB invalidations", guest["ats"],
         model["ats_invalidations"]),
        ("page group responses", guest["responses"],
         model["prg_responses"] - model["prg_responses_auto"]),
        ("page requests", guest["requests"], model["page_requests_queued"]),
        ("descriptors", submitted(guest), model["commands"] - model["syncs"]),
        ("lost counts", guest["lost"], 0),
    ]
    problems = [f"{what}: the guest counts {a}, the model {b}"
                for what, a, b in pairs if a != b]
    if not guest["requests"] or not guest["responses"] or not guest["ats"]:
        problems.append("the guest counted nothing")
    return problems


# What is about IOMMUs at all.
ABOUT = re.compile(r"arm-smmu-v3|DMAR|IOMMU|VT-d|\bQI |" + COMPLAINTS.pattern)


def judge_provoked(sections, wanted):
    """Everything was provoked, and the kernel said what it should of it."""
    problems = []
    if set(sections) != set(wanted):
        problems.append(f"provoked: {sorted(set(sections) ^ set(wanted))}")
    for name, lines in sections.items():
        must, may = wanted.get(name, ([], []))
        for pattern in must:
            if not any(re.search(pattern, line) for line in lines):
                problems.append(f"{name}: nothing matches {pattern}")
        for line in lines:
            if ABOUT.search(line) and not HARMLESS.search(line) and \
                    not any(re.search(p, line) for p in must + may) and \
                    "sva: " not in line:
                problems.append(f"{name}: {line}")
    return problems


def tail_of(path, count):
    with open(path, errors="replace") as f:
        return f.read().splitlines()[-count:]


def explain(run, why, folder):
    """What there is to know of a case that failed."""
    return ([f"    {line}" for line in str(why).splitlines()] +
            ["    -- end of the console:"] +
            [f"    {line}" for line in run.lines[-12:]] +
            [f"    qemu: {line}" for line in
             tail_of(os.path.join(folder, "stderr"), 6)])


def summarize(run, stats, count):
    """A case that passed: the rest of its line, and more lines."""
    c = run.case
    begin = next(l for l in run.lines if "sva: begin" in l)
    out = [f"{begin.split('begin ', 1)[1]}; {count} checks; "
           f"{stats['translations']} translations, {stats['walks']} walks, "
           f"{stats['tlb_invalidations']} invalidations"]
    if run.tallies:
        both = "counted by the guest" + (
            f", the model lacks {stats['dropped']}" if c["must_fail"] else
            " and by the model")
        out.append(f"    {both}: " + ", ".join(
            f"{name} {run.tallies[name]}" for name in
            ("requests", "responses", "config", "tlb", "ats")))
    found = [l for l in run.lines if re.search(c["found"], l)]
    return out + [f"    {line}" for line in found[:1]]


def run_case(c, options):
    """Whether it passed, and what there is to say about it."""
    start = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="sva-linux-") as folder:
        run = Run(c, options, folder)
        try:
            stats = run.boot()
            if options.verbose:
                print(f"    {json.dumps(stats)}")
            lines, good = summarize(run, stats, run.judge(stats)), True
        except Failure as e:
            lines, good = ["", *explain(run, e, folder)], False
    lines[0] = (f"{c['name']:<28} {'ok    ' if good else 'FAILED'} "
                f"{time.monotonic() - start:6.1f} s  {lines[0]}".rstrip())
    return good, "\n".join(lines)


def log_result(path, c, good):
    with open(path, "a", encoding="utf-8") as f:
        f.write(json.dumps({"name": "linux/" + c["name"],
                            "result": "OK" if good else "FAIL"}) + "\n")


def run_all(chosen, options):
    """How many failed. Reports are in the order of the cases."""
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        running = [pool.submit(run_case, c, options) for c in chosen]
        for c, future in zip(chosen, running):
            good, text = future.result()
            print(text)
            failed += not good
            if options.log:
                log_result(options.log, c, good)
    return failed


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    default_cache = os.environ.get("SVA_CACHE") or os.path.join(
        os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"),
        "libsva")
    parser.add_argument("--plugins", help="the folder of the plug-ins")
    parser.add_argument("--log", help="a line of JSON here for each case")
    parser.add_argument("--cache", default=default_cache,
                        help="where fetch.sh has put things")
    parser.add_argument("--timeout", type=float, default=240,
                        help="seconds for one case")
    parser.add_argument("--apart", action="store_true",
                        help="the cases of check-linux-sva-arm64")
    parser.add_argument("--kernel", help="another one, for cases it fits")
    parser.add_argument("--modules", help="where modules_install has put its")
    parser.add_argument("-j", "--jobs", type=int,
                        default=min(2, os.cpu_count()),
                        help="so many cases side by side")
    parser.add_argument("-l", "--list", action="store_true")
    parser.add_argument("-v", "--verbose", action="store_true",
                        help="with the console of each guest")
    parser.add_argument("case", nargs="*", help="a part of its name")
    options = parser.parse_args()
    chosen = [c for c in CASES if c["apart"] == options.apart and (
        not options.case or any(part in c["name"] for part in options.case))]
    if options.list:
        for c in chosen:
            print(c["name"])
        return 0
    if not options.plugins or not chosen:
        parser.error("no plug-ins" if chosen else "no such case")
    options.plugins = os.path.abspath(options.plugins)
    sys.stdout.reconfigure(line_buffering=True)
    if options.verbose:
        options.jobs = 1
    start = time.monotonic()
    failed = run_all(chosen, options)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(f"{len(chosen) - failed} passed, {failed} failed; "
          f"{time.monotonic() - start:.0f} s, "
          f"{used.ru_utime + used.ru_stime:.0f} s of CPU")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
