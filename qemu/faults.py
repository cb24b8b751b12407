# SPDX-License-Identifier: MIT
"""What a kernel says to each thing that qemu/guest/faults makes go wrong.

name -> (what it has to say, each somewhere; what else it may say)
"""

GERROR = r"unexpected global error reported \(0x%08x\)"
SYNC = r"CMD_SYNC timeout at 0x"
CMDQ = r"CMDQ error \(cons 0x[0-9a-f]+\): %s"
WORDS = r"arm-smmu-v3 \S+ \s*0x[0-9a-f]{16}$"
EVENT = r"event 0x10 received:|" + WORDS
SUPPRESSED = r"callbacks suppressed"
PRI = (r"unexpected PRI request received:|"
       r"sid 0x0000.*access at iova|callbacks suppressed")

SMMUV3 = {
    "event": ([EVENT], []),
    "evtq-overflow": ([r"EVTQ overflow detected -- events lost"],
                      [EVENT, SUPPRESSED]),
    "evtq-abort": ([GERROR % 0x4,
                    r"EVTQ write aborted -- events may have been lost"], []),
    "evtq-lost": ([EVENT], [SUPPRESSED]),
    "pri": ([PRI], []),
    "priq-overflow": ([r"PRIQ overflow detected -- requests lost"],
                      [PRI, SUPPRESSED]),
    "priq-abort": ([GERROR % 0x8,
                    r"PRIQ write aborted -- events may have been lost"], []),
    "priq-lost": ([PRI], []),
    "illegal-command": ([GERROR % 0x1, CMDQ % "Illegal command",
                         r"skipping command in error state"],
                        [SYNC, WORDS]),
    "command-abort": ([GERROR % 0x1, CMDQ % "Abort on command fetch",
                       r"retrying command fetch"], [SYNC]),
    "atc-timeout": ([GERROR % 0x1, CMDQ % "ATC invalidate timeout"], [SYNC]),
    "sync-abort": ([GERROR % 0x10, r"CMDQ MSI write aborted"], [SYNC]),
    "sync-lost": ([SYNC], []),
    "gerror-lost": ([GERROR % 0x1, CMDQ % "Illegal command"],
                    [SYNC, r"skipping command in error state",
                     WORDS]),
    # Afterwards there is nothing but a reset.
    "fail": ([GERROR % 0x100, r"device has entered Service Failure Mode!"],
             [r"arm-smmu-v3 \S+: disabling"]),
    "reset": ([], []),
}

DRHD = r"DRHD: handling fault status reg [0-9a-f]*%s$"
FAULT = r"\[DMA Read NO_PASID\] Request device \[[0-9a-f:.]+\] fault addr 0xdead"
QUEUE = r"QI (HEAD|PRIOR): "

VTD = {
    "fault": ([DRHD % "2", FAULT], []),
    "fault-lost": ([DRHD % "2", FAULT], []),
    "fault-overflow": ([DRHD % "3"], [FAULT, SUPPRESSED]),
    "illegal-descriptor": ([r"Invalidation Queue Error: Reason 3",
                            r"\(IQE\) cleared"], [QUEUE, DRHD % "0"]),
    "descriptor-abort": ([r"Invalidation Queue Error: Reason 2",
                          r"\(IQE\) cleared"], [QUEUE, DRHD % "0"]),
    "device-tlb-timeout": ([r"Invalidation Time-out Error: SID 100",
                            r"\(ITE\) cleared"], [QUEUE, DRHD % "0"]),
    "device-tlb-late": ([], []),
    "device-tlb-odd": ([r"Invalidation Completion Error: SID 100",
                        r"\(ICE\) cleared"], [QUEUE, DRHD % "0"]),
    "request-lost": ([], []),
    "request-overflow": ([r"PRQ overflow detected", r"PRQ overflow cleared"],
                         []),
}
