/* SPDX-License-Identifier: MIT */
/*
 * The fourth source: Project Mu, ArmPkg/Include/Register/SmmuV3Registers.h of
 * mu_silicon_arm_tiano: the members of its structures in their order, with
 * their widths; a dash is a reserved member, or one that is another list's.
 * Where it has one member for two or three fields of the specification (S2Had,
 * S2Rs, Had, Ars), the fields are given, lowest first.
 */
#include "tests/fmt/sources.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct layout {
	const char *theirs;
	const char *prefix; /* of our names */
	unsigned int bits;
	const char *members;
};

/* clang-format off */
static const struct layout layouts[] = {
	{ "SMMUV3_IDR0", "SMMU_IDR0_", 32,
	  "S2P:1 S1P:1 TTF:2 COHACC:1 BTM:1 HTTU:2 DORMHINT:1 HYP:1 ATS:1 "
	  "NS1ATS:1 ASID16:1 MSI:1 SEV:1 ATOS:1 PRI:1 VMW:1 VMID16:1 CD2L:1 "
	  "VATOS:1 TTENDIAN:2 -:1 STALL_MODEL:2 TERM_MODEL:1 ST_LEVEL:2 -:3" },
	{ "SMMUV3_IDR1", "SMMU_IDR1_", 32,
	  "SIDSIZE:6 SSIDSIZE:5 PRIQS:5 EVENTQS:5 CMDQS:5 ATTR_PERMS_OVR:1 "
	  "ATTR_TYPES_OVR:1 REL:1 QUEUES_PRESET:1 TABLES_PRESET:1 ECMDQ:1" },
	{ "SMMUV3_IDR2", "SMMU_IDR2_", 32, "BA_VATOS:10 -:22" },
	{ "SMMUV3_IDR3", "SMMU_IDR3_", 32,
	  "-:2 HAD:1 PBHA:1 XNX:1 PPS:1 -:1 MPAM:1 FWB:1 STT:1 RIL:1 BBML:2 "
	  "-:19" },
	{ "SMMUV3_IDR5", "SMMU_IDR5_", 32,
	  "OAS:3 -:1 GRAN4K:1 GRAN16K:1 GRAN64K:1 -:3 VAX:2 -:4 STALL_MAX:16" },
	{ "SMMUV3_IIDR", "SMMU_IIDR_", 32,
	  "IMPLEMENTER:12 REVISION:4 VARIANT:4 PRODUCTID:12" },
	{ "SMMUV3_AIDR", "SMMU_AIDR_", 32,
	  "ARCHMINORREV:4 ARCHMAJORREV:4 -:24" },
	{ "SMMUV3_CR0", "SMMU_CR0_", 32,
	  "SMMUEN:1 PRIQEN:1 EVENTQEN:1 CMDQEN:1 ATSCHK:1 -:1 VMW:3 -:23" },
	{ "SMMUV3_CR1", "SMMU_CR1_", 32,
	  "QUEUE_IC:2 QUEUE_OC:2 QUEUE_SH:2 TABLE_IC:2 TABLE_OC:2 TABLE_SH:2 "
	  "-:20" },
	{ "SMMUV3_CR2", "SMMU_CR2_", 32, "E2H:1 RECINVSID:1 PTM:1 -:29" },
	{ "SMMUV3_GBPA", "SMMU_GBPA_", 32,
	  "MEMATTR:4 MTCFG:1 -:3 ALLOCCFG:4 SHCFG:2 -:2 PRIVCFG:2 INSTCFG:2 "
	  "ABORT:1 -:10 UPDATE:1" },
	{ "SMMUV3_STATUSR", "SMMU_STATUSR_", 32, "DORMANT:1 -:31" },
	{ "SMMUV3_IRQ_CTRL", "SMMU_IRQ_CTRL_", 32,
	  "GERROR_IRQEN:1 PRIQ_IRQEN:1 EVENTQ_IRQEN:1 -:29" },
	{ "SMMUV3_GERROR", "SMMU_GERROR_", 32,
	  "CMDQ_ERR:1 -:1 EVENTQ_ABT_ERR:1 PRIQ_ABT_ERR:1 MSI_CMDQ_ABT_ERR:1 "
	  "MSI_EVENTQ_ABT_ERR:1 MSI_PRIQ_ABT_ERR:1 MSI_GERROR_ABT_ERR:1 "
	  "SFM_ERR:1 -:23" },
	{ "SMMUV3_GERROR_IRQ_CFG0", "SMMU_IRQ_CFG0_", 64, "-:2 ADDR:50 -:12" },
	{ "SMMUV3_GERROR_IRQ_CFG1", "SMMU_IRQ_CFG1_", 32, "DATA:32" },
	{ "SMMUV3_GERROR_IRQ_CFG2", "SMMU_IRQ_CFG2_", 32,
	  "MEMATTR:4 SH:2 -:26" },
	{ "SMMUV3_STRTAB_BASE", "SMMU_STRTAB_BASE_", 64,
	  "-:6 ADDR:46 -:10 RA:1 -:1" },
	{ "SMMUV3_STRTAB_BASE_CFG", "SMMU_STRTAB_BASE_CFG_", 32,
	  "LOG2SIZE:6 SPLIT:5 -:5 FMT:2 -:14" },
	{ "SMMUV3_CMDQ_BASE", "SMMU_CMDQ_BASE_", 64,
	  "LOG2SIZE:5 ADDR:47 -:10 RA:1 -:1" },
	{ "SMMUV3_CMDQ_CONS", "SMMU_CMDQ_CONS_", 32, "RD:20 -:4 ERR:7 -:1" },
	{ "SMMUV3_CMDQ_PROD", "SMMU_CMDQ_PROD_", 32, "WR:20 -:12" },
	{ "SMMUV3_EVENTQ_BASE", "SMMU_EVENTQ_BASE_", 64,
	  "LOG2SIZE:5 ADDR:47 -:10 WA:1 -:1" },
	{ "SMMUV3_EVENTQ_CONS", "SMMU_EVENTQ_CONS_", 32,
	  "RD:20 -:11 OVACKFLG:1" },
	{ "SMMUV3_EVENTQ_PROD", "SMMU_EVENTQ_PROD_", 32, "WR:20 -:11 OVFLG:1" },
	{ "SMMUV3_PRIQ_BASE", "SMMU_PRIQ_BASE_", 64,
	  "LOG2SIZE:5 ADDR:47 -:10 WA:1 -:1" },
	{ "SMMUV3_PRIQ_CONS", "SMMU_PRIQ_CONS_", 32, "RD:20 -:11 OVACKFLG:1" },
	{ "SMMUV3_PRIQ_PROD", "SMMU_PRIQ_PROD_", 32, "WR:20 -:11 OVFLG:1" },
	{ "SMMUV3_PRIQ_IRQ_CFG2", "SMMU_PRIQ_IRQ_CFG2_", 32, "-:31 LO:1" },
	{ "SMMUV3_GATOS_CTRL", "SMMU_GATOS_CTRL_", 32, "RUN:1 -:31" },
	{ "SMMUV3_GATOS_SID", "SMMU_GATOS_SID_", 64,
	  "STREAMID:32 SUBSTREAMID:20 SSID_VALID:1 -:11" },
	{ "SMMUV3_GATOS_ADDR", "SMMU_GATOS_ADDR_", 64,
	  "-:6 HTTUI:1 IND:1 RNW:1 PNU:1 TYPE:2 ADDR:52" },
	{ "SMMUV3_GATOS_PAR.NoFault", "SMMU_GATOS_PAR_", 64,
	  "FAULT:1 -:7 SH:2 -:1 SIZE:1 ADDR:40 -:4 ATTR:8" },
	{ "SMMUV3_GATOS_PAR.Fault", "SMMU_GATOS_PAR_FAULT_", 64,
	  "FAULT:1 REASON:2 -:1 FAULTCODE:8 FADDR:40 -:8 IMPDEF:4" },
	{ "SMMUV3_MPAMIDR", "SMMU_MPAMIDR_", 32, "PARTID_MAX:16 PMG_MAX:8 -:8" },
	{ "SMMUV3_GMPAM", "SMMU_GMPAM_", 32,
	  "SO_PARTID:16 SO_PMG:8 -:7 UPDATE:1" },
	{ "SMMUV3_GBPMPAM", "SMMU_GBPMPAM_", 32,
	  "GBP_PARTID:16 GBP_PMG:8 -:7 UPDATE:1" },
	{ "SMMUV3_VATOS_SEL", "SMMU_VATOS_SEL_", 32, "VMID:16 -:16" },

	{ "SMMUV3_L1_STREAM_TABLE_DESCRIPTOR", "SMMU_L1STD_", 64,
	  "SPAN:5 -:1 L2PTR:46 -:12" },
	{ "SMMUV3_STREAM_TABLE_ENTRY", "SMMU_STE_", 512,
	  "V:1 CONFIG:3 S1FMT:2 S1CONTEXTPTR:46 -:7 S1CDMAX:5 "
	  "S1DSS:2 S1CIR:2 S1COR:2 S1CSH:2 S2HWU59:1 S2HWU60:1 S2HWU61:1 "
	  "S2HWU62:1 DRE:1 CONT:4 DCP:1 PPAR:1 MEV:1 SW_RESERVED:4 -:1 S2FWB:1 "
	  "S1MPAM:1 S1STALLD:1 EATS:2 STRW:2 MEMATTR:4 MTCFG:1 ALLOCCFG:4 -:3 "
	  "SHCFG:2 NSCFG:2 PRIVCFG:2 INSTCFG:2 IMPDEF1:12 "
	  "S2VMID:16 IMPDEF2:16 S2T0SZ:6 S2SL0:2 S2IR0:2 S2OR0:2 S2SH0:2 S2TG:2 "
	  "S2PS:3 S2AA64:1 S2ENDI:1 S2AFFD:1 S2PTW:1 S2HD:1 S2HA:1 S2S:1 S2R:1 "
	  "-:5 S2NSW:1 S2NSA:1 -:2 S2TTB:48 -:12 IMPDEF4:16 PARTID:16 -:32 "
	  "PMG:8 -:4 VMSPTR:40 -:12 -:64 -:64" },
	{ "SMMUV3_L1_CONTEXT_DESCRIPTOR", "SMMU_L1CD_", 64,
	  "V:1 -:11 L2PTR:40 -:12" },
	{ "SMMUV3_CONTEXT_DESCRIPTOR", "SMMU_CD_", 512,
	  "T0SZ:6 TG0:2 IR0:2 OR0:2 SH0:2 EPD0:1 ENDI:1 T1SZ:6 TG1:2 IR1:2 "
	  "OR1:2 SH1:2 EPD1:1 V:1 IPS:3 AFFD:1 WXN:1 UWXN:1 TBI0:1 TBI1:1 PAN:1 "
	  "AA64:1 HD:1 HA:1 S:1 R:1 A:1 ASET:1 ASID:16 NSCFG0:1 HAD0:1 -:2 "
	  "TTB0:48 -:8 HWU059:1 HWU060:1 HWU061:1 HWU062:1 NSCFG1:1 HAD1:1 -:2 "
	  "TTB1:48 -:8 HWU159:1 HWU160:1 HWU161:1 HWU162:1 MAIR0:32 MAIR1:32 "
	  "AMAIR0:32 AMAIR1:32 IMPDEF5:32 PARTID:16 PMG:8 -:8 -:64 -:64" },

	{ "SMMUV3_CMD_CFGI_STE", "SMMU_CMD_", 128, "OPCODE:8 -:56 -:64" },
	{ "SMMUV3_CMD_CFGI_STE", "SMMU_CMD_CFGI_", 128,
	  "-:8 -:2 SSEC:1 -:21 SID:32 LEAF:1 -:63" },
	{ "SMMUV3_CMD_CFGI_STE_RANGE", "SMMU_CMD_CFGI_", 128,
	  "-:8 -:2 SSEC:1 -:21 SID:32 RANGE:5 -:59" },
	{ "SMMUV3_CMD_CFGI_CD", "SMMU_CMD_CFGI_", 128,
	  "-:8 -:2 SSEC:1 -:1 SSID:20 SID:32 LEAF:1 -:63" },
	{ "SMMUV3_CMD_CFGI_CD_ALL", "SMMU_CMD_CFGI_", 128,
	  "-:8 -:2 SSEC:1 -:21 SID:32 -:64" },
	{ "SMMUV3_CMD_CFGI_VMS_PIDM", "SMMU_CMD_CFGI_VMS_PIDM_", 128,
	  "-:8 -:2 SSEC:1 -:21 VMID:16 -:16 -:64" },
	{ "SMMUV3_CMD_CFGI_ALL", "SMMU_CMD_CFGI_", 128,
	  "-:8 -:2 SSEC:1 -:21 -:32 RANGE:5 -:59" },
	{ "SMMUV3_CMD_TLBI_NH_ALL", "SMMU_CMD_TLBI_", 128,
	  "-:8 -:24 VMID:16 -:16 -:64" },
	{ "SMMUV3_CMD_TLBI_NH_ASID", "SMMU_CMD_TLBI_", 128,
	  "-:8 -:24 VMID:16 ASID:16 -:64" },
	{ "SMMUV3_CMD_TLBI_NH_VAA", "SMMU_CMD_TLBI_", 128,
	  "-:8 -:4 NUM:5 -:3 SCALE:5 -:7 VMID:16 -:16 LEAF:1 -:7 TTL:2 TG:2 "
	  "ADDRESS:52" },
	{ "SMMUV3_CMD_TLBI_NH_VA", "SMMU_CMD_TLBI_", 128,
	  "-:8 -:4 NUM:5 -:3 SCALE:5 -:7 VMID:16 ASID:16 LEAF:1 -:7 TTL:2 TG:2 "
	  "ADDRESS:52" },
	{ "SMMUV3_CMD_TLBI_EL2_VA", "SMMU_CMD_TLBI_", 128,
	  "-:8 -:4 NUM:5 -:3 SCALE:5 -:7 -:16 ASID:16 LEAF:1 -:7 TTL:2 TG:2 "
	  "ADDRESS:52" },
	{ "SMMUV3_CMD_TLBI_EL2_ASID", "SMMU_CMD_TLBI_", 128,
	  "-:8 -:24 -:16 ASID:16 -:64" },
	{ "SMMUV3_CMD_TLBI_S2_IPA", "SMMU_CMD_TLBI_", 128,
	  "-:8 -:4 NUM:5 -:3 SCALE:5 -:7 VMID:16 -:16 LEAF:1 -:7 TTL:2 TG:2 "
	  "ADDRESS:40 -:12" },
	{ "SMMUV3_CMD_RESUME", "SMMU_CMD_RESUME_", 128,
	  "-:8 -:2 SSEC:1 -:1 AC:1 AB:1 -:18 SID:32 STAG:16 -:48" },
	{ "SMMUV3_CMD_STALL_TERM", "SMMU_CMD_STALL_TERM_", 128,
	  "-:8 -:2 SSEC:1 -:21 SID:32 -:64" },
	{ "SMMUV3_CMD_SYNC", "SMMU_CMD_SYNC_", 128,
	  "-:8 -:4 CS:2 -:8 MSH:2 MSIATTR:4 -:4 MSIDATA:32 -:2 MSIADDRESS:50 "
	  "-:12" },

	{ "SMMUV3_UNSUPPORTED_UPSTREAM_TRANSACTION_FAULT", "SMMU_EVT_", 256,
	  "ID:8 -:3 SSV:1 SUBSTREAMID:20 STREAMID:32 REASON:16 -:16 -:1 PNU:1 "
	  "IND:1 RNW:1 -:28 INPUTADDR:64 -:64" },
	{ "SMMUV3_BAD_STREAM_ID_FAULT", "SMMU_EVT_", 256,
	  "ID:8 -:3 SSV:1 SUBSTREAMID:20 STREAMID:32 -:64 -:64 -:64" },
	{ "SMMUV3_STREAM_ENTRY_FETCH_ABORT_FAULT", "SMMU_EVT_", 256,
	  "ID:8 -:3 SSV:1 SUBSTREAMID:20 STREAMID:32 REASON:16 -:16 -:32 -:64 "
	  "-:3 FETCHADDR:49 -:12" },
	{ "SMMUV3_BAD_STREAM_ENTRY_FAULT", "SMMU_EVT_", 256,
	  "ID:8 -:3 SSV:1 SUBSTREAMID:20 STREAMID:32 -:64 -:64 -:64" },
	{ "SMMUV3_BAD_ATS_TRANSLATION_REQUEST", "SMMU_EVT_F_BAD_ATS_TREQ_", 256,
	  "-:64 SPAN:4 -:24 PRIV:1 X:1 W:1 R:1 -:32 -:12 -:52 -:64" },
	{ "SMMUV3_STREAM_DISABLED_FAULT", "SMMU_EVT_", 256,
	  "ID:8 -:24 STREAMID:32 -:64 -:64 -:64" },
	{ "SMMUV3_TRANSLATION_FORBIDDEN_FAULT", "SMMU_EVT_", 256,
	  "ID:8 -:24 STREAMID:32 -:32 -:3 RNW:1 -:28 INPUTADDR:64 -:64" },
	{ "SMMUV3_BAD_SUBSTREAM_ID_FAULT", "SMMU_EVT_", 256,
	  "ID:8 -:4 SUBSTREAMID:20 STREAMID:32 -:64 -:64 -:64" },
	{ "SMMUV3_CONTEXT_DESCRIPTOR_FETCH_ABORT_FAULT", "SMMU_EVT_", 256,
	  "ID:8 -:3 SSV:1 SUBSTREAMID:20 STREAMID:32 REASON:16 -:16 -:32 -:64 "
	  "-:3 FETCHADDR:49 -:12" },
	{ "SMMUV3_TRANSLATION_WALK_EXTERNAL_ABORT_FAULT", "SMMU_EVT_", 256,
	  "ID:8 -:3 SSV:1 SUBSTREAMID:20 STREAMID:32 REASON:16 -:16 -:1 PNU:1 "
	  "IND:1 RNW:1 -:2 NSIPA:1 S2:1 CLASS:2 -:22 INPUTADDR:64 -:3 "
	  "FETCHADDR:49 -:12" },
	{ "SMMUV3_TRANSLATION_FAULT", "SMMU_EVT_", 256,
	  "ID:8 -:3 SSV:1 SUBSTREAMID:20 STREAMID:32 STAG:16 -:15 STALL:1 -:1 "
	  "PNU:1 IND:1 RNW:1 -:2 NSIPA:1 S2:1 CLASS:2 -:6 IMPDEF:16 "
	  "INPUTADDR:64 -:12 IPA:40 -:12" },
	{ "SMMUV3_TLB_CONFLICT", "SMMU_EVT_", 256,
	  "ID:8 -:3 SSV:1 SUBSTREAMID:20 STREAMID:32 CONFLICT_REASON:32 -:1 "
	  "PNU:1 IND:1 RNW:1 -:2 NSIPA:1 S2:1 -:24 INPUTADDR:64 -:12 IPA:40 "
	  "-:12" },
	{ "SMMUV3_CONFIGURATION_CACHE_CONFLICT", "SMMU_EVT_", 256,
	  "ID:8 -:3 SSV:1 SUBSTREAMID:20 STREAMID:32 CONFLICT_REASON:32 -:32 "
	  "-:64 -:64" },
	{ "SMMUV3_PAGE_REQUEST_FAULT", "SMMU_EVT_E_PAGE_REQUEST_", 256,
	  "-:64 -:32 -:1 UX:1 UW:1 UR:1 -:1 PX:1 PW:1 PR:1 -:4 SPAN:8 -:12 "
	  "-:12 -:52 -:64" },
};
/* clang-format on */

/* Names live as long as the test. */
static const char *joined(const char *prefix, const char *name, size_t len)
{
	size_t head = strlen(prefix);
	char *s = malloc(head + len + 1);

	if (!s)
		abort();
	memcpy(s, prefix, head);
	memcpy(s + head, name, len);
	s[head + len] = '\0';
	return s;
}

static size_t add_layout(const struct layout *l, struct source_row *rows,
			 size_t n, size_t max)
{
	const char *p = l->members;
	unsigned int bit = 0;

	while (*p) {
		size_t len = strcspn(p, ":");
		char *end;
		unsigned int width =
			(unsigned int)strtoul(p + len + 1, &end, 10);

		if (*p != '-') {
			if (n == max)
				abort();
			rows[n++] =
				(struct source_row){ joined(l->prefix, p, len),
						     l->theirs, bit + width - 1,
						     bit };
		}
		bit += width;
		p = end + strspn(end, " ");
	}
	if (bit == l->bits)
		return n;
	fprintf(stderr, "%s: members add up to %u bits of %u\n", l->theirs, bit,
		l->bits);
	abort();
}

size_t source_mu(struct source_row *rows, size_t max)
{
	size_t i, n = 0;

	for (i = 0; i < sizeof(layouts) / sizeof(layouts[0]); i++)
		n = add_layout(&layouts[i], rows, n, max);
	return n;
}
