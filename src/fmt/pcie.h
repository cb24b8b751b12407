/* SPDX-License-Identifier: MIT */
/*
 * PCI Express as an endpoint with PASID, ATS and PRI shows it: configuration
 * space, and the messages it exchanges with the IOMMU.
 *
 * "PCIe" below is the PCI Express Base Specification, section numbers as in
 * revision 5.0. A register's width in bits stands behind its offset; fields
 * are numbered within their register. Registers of a capability are at offsets
 * from the capability's first byte.
 */
#ifndef FMT_PCIE_H
#define FMT_PCIE_H

#include "base/field.h"

/* Type 0 header, PCIe 7.5.1. */
enum {
	PCIE_CFG_VENDOR = 0x00,           /* 16 */
	PCIE_CFG_DEVICE = 0x02,           /* 16 */
	PCIE_CFG_COMMAND = 0x04,          /* 16 */
	PCIE_CFG_STATUS = 0x06,           /* 16 */
	PCIE_CFG_CLASS = 0x08,            /* 32, with the revision */
	PCIE_CFG_CACHE_LINE_SIZE = 0x0c,  /* 8 */
	PCIE_CFG_LATENCY_TIMER = 0x0d,    /* 8 */
	PCIE_CFG_HEADER_TYPE = 0x0e,      /* 8 */
	PCIE_CFG_BIST = 0x0f,             /* 8 */
	PCIE_CFG_BAR0 = 0x10,             /* 32, six of them */
	PCIE_CFG_SUBSYSTEM_VENDOR = 0x2c, /* 16 */
	PCIE_CFG_SUBSYSTEM = 0x2e,        /* 16 */
	PCIE_CFG_ROM = 0x30,              /* 32 */
	PCIE_CFG_CAP_POINTER = 0x34,      /* 8 */
	PCIE_CFG_INTERRUPT_LINE = 0x3c,   /* 8 */
	PCIE_CFG_INTERRUPT_PIN = 0x3d,    /* 8 */

	PCIE_CFG_NUM_BARS = 6,
	PCIE_CFG_HEADER_SIZE = 0x40,
	PCIE_CFG_EXT_CAPS = 0x100, /* first extended capability */
	PCIE_CFG_SIZE = 0x1000,
};

/* clang-format off */

#define PCIE_COMMAND_FIELDS(F, T)					\
	F(T, PCIE_COMMAND_IO,		 0,  0, "decode I/O BARs")	\
	F(T, PCIE_COMMAND_MEMORY,	 1,  1, "decode memory BARs")	\
	F(T, PCIE_COMMAND_BUS_MASTER,	 2,  2, "may issue requests")	\
	F(T, PCIE_COMMAND_PARITY,	 6,  6, "parity error response") \
	F(T, PCIE_COMMAND_SERR,		 8,  8, "SERR# enable")		\
	F(T, PCIE_COMMAND_INTX_DISABLE,	10, 10, "no INTx")
FIELD_REGISTER(PCIE_COMMAND_FIELDS);

/* All but INTX and CAP_LIST are cleared by writing 1. */
#define PCIE_STATUS_FIELDS(F, T)					\
	F(T, PCIE_STATUS_INTX,		 3,  3, "INTx is pending")	\
	F(T, PCIE_STATUS_CAP_LIST,	 4,  4, "capabilities, always 1") \
	F(T, PCIE_STATUS_MASTER_PARITY,	 8,  8, "master data parity error") \
	F(T, PCIE_STATUS_SENT_CA,	11, 11, "signaled target abort") \
	F(T, PCIE_STATUS_RECEIVED_CA,	12, 12, "received target abort") \
	F(T, PCIE_STATUS_RECEIVED_UR,	13, 13, "received master abort") \
	F(T, PCIE_STATUS_SERR,		14, 14, "signaled system error") \
	F(T, PCIE_STATUS_PARITY,	15, 15, "detected parity error")
FIELD_REGISTER(PCIE_STATUS_FIELDS);

#define PCIE_CLASS_FIELDS(F, T)						\
	F(T, PCIE_CLASS_REVISION,	 7,  0, "revision")		\
	F(T, PCIE_CLASS_CODE,		31,  8, "class, subclass, interface")
FIELD_REGISTER(PCIE_CLASS_FIELDS);

#define PCIE_HEADER_TYPE_FIELDS(F, T)					\
	F(T, PCIE_HEADER_TYPE_LAYOUT,	 6,  0, "0 for an endpoint")	\
	F(T, PCIE_HEADER_TYPE_MULTI,	 7,  7, "multi-function device")
FIELD_REGISTER(PCIE_HEADER_TYPE_FIELDS);

/*
 * A memory BAR. The upper half of a 64-bit BAR is the next register, all of
 * it address. Writing all ones and reading back yields the size.
 */
#define PCIE_BAR_FIELDS(F, T)						\
	F(T, PCIE_BAR_IO,		 0,  0, "I/O space")		\
	F(T, PCIE_BAR_TYPE,		 2,  1, "enum pcie_bar_type")	\
	F(T, PCIE_BAR_PREFETCH,		 3,  3, "prefetchable")		\
	F(T, PCIE_BAR_ADDR,		31,  4, "address bits 31:4")
FIELD_REGISTER(PCIE_BAR_FIELDS);

/* clang-format on */

enum pcie_bar_type {
	PCIE_BAR_TYPE_32 = 0,
	PCIE_BAR_TYPE_64 = 2,
};

/* Capabilities, PCIe 7.5.2 and 7.5.3; NEXT 0 ends the list. */
enum {
	PCIE_CAP_ID_PM = 0x01,
	PCIE_CAP_ID_MSI = 0x05,
	PCIE_CAP_ID_VENDOR = 0x09,
	PCIE_CAP_ID_EXP = 0x10,
	PCIE_CAP_ID_MSIX = 0x11,
};

/* clang-format off */

#define PCIE_CAP_HEADER_FIELDS(F, T)					\
	F(T, PCIE_CAP_HEADER_ID,	 7,  0, "PCIE_CAP_ID_*")	\
	F(T, PCIE_CAP_HEADER_NEXT,	15,  8, "offset of the next")
FIELD_REGISTER(PCIE_CAP_HEADER_FIELDS);

/* clang-format on */

/* Power management, PCIe 7.5.2. */
enum {
	PCIE_PM_CAP = 0x02,  /* 16 */
	PCIE_PM_CTRL = 0x04, /* 16 */
	PCIE_PM_SIZE = 0x08,
};

/* clang-format off */

#define PCIE_PM_CAP_FIELDS(F, T)					\
	F(T, PCIE_PM_CAP_VERSION,	 2,  0, "3")			\
	F(T, PCIE_PM_CAP_DSI,		 5,  5, "device specific init")	\
	F(T, PCIE_PM_CAP_D1,		 9,  9, "D1 supported")		\
	F(T, PCIE_PM_CAP_D2,		10, 10, "D2 supported")		\
	F(T, PCIE_PM_CAP_PME,		15, 11, "states that raise PME")
FIELD_REGISTER(PCIE_PM_CAP_FIELDS);

#define PCIE_PM_CTRL_FIELDS(F, T)					\
	F(T, PCIE_PM_CTRL_STATE,	 1,  0, "D0 to D3hot")		\
	F(T, PCIE_PM_CTRL_NO_SOFT_RESET, 3,  3, "D3hot keeps the state") \
	F(T, PCIE_PM_CTRL_PME_ENABLE,	 8,  8, "PME enable")		\
	F(T, PCIE_PM_CTRL_PME_STATUS,	15, 15, "PME status")
FIELD_REGISTER(PCIE_PM_CTRL_FIELDS);

/* clang-format on */

/* PCI Express capability, PCIe 7.5.3, version 2. */
enum {
	PCIE_EXP_FLAGS = 0x02,   /* 16 */
	PCIE_EXP_DEVCAP = 0x04,  /* 32 */
	PCIE_EXP_DEVCTL = 0x08,  /* 16 */
	PCIE_EXP_DEVSTA = 0x0a,  /* 16 */
	PCIE_EXP_LNKCAP = 0x0c,  /* 32 */
	PCIE_EXP_LNKCTL = 0x10,  /* 16 */
	PCIE_EXP_LNKSTA = 0x12,  /* 16 */
	PCIE_EXP_DEVCAP2 = 0x24, /* 32 */
	PCIE_EXP_DEVCTL2 = 0x28, /* 16 */
	PCIE_EXP_DEVSTA2 = 0x2a, /* 16 */
	PCIE_EXP_SIZE = 0x3c,
};

enum pcie_port_type {
	PCIE_PORT_TYPE_ENDPOINT = 0x0,
	PCIE_PORT_TYPE_LEGACY_ENDPOINT = 0x1,
	PCIE_PORT_TYPE_ROOT_PORT = 0x4,
	PCIE_PORT_TYPE_UPSTREAM = 0x5,
	PCIE_PORT_TYPE_DOWNSTREAM = 0x6,
	PCIE_PORT_TYPE_RC_ENDPOINT = 0x9,
	PCIE_PORT_TYPE_RC_EVENT_COLLECTOR = 0xa,
};

/* clang-format off */

#define PCIE_EXP_FLAGS_FIELDS(F, T)					\
	F(T, PCIE_EXP_FLAGS_VERSION,	 3,  0, "2")			\
	F(T, PCIE_EXP_FLAGS_TYPE,	 7,  4, "enum pcie_port_type")	\
	F(T, PCIE_EXP_FLAGS_SLOT,	 8,  8, "slot implemented")	\
	F(T, PCIE_EXP_FLAGS_IRQ,	13,  9, "interrupt message number")
FIELD_REGISTER(PCIE_EXP_FLAGS_FIELDS);

/* Payload and request sizes are 128 << n. */
#define PCIE_EXP_DEVCAP_FIELDS(F, T)					\
	F(T, PCIE_EXP_DEVCAP_MAX_PAYLOAD, 2, 0, "largest payload")	\
	F(T, PCIE_EXP_DEVCAP_PHANTOM,	 4,  3, "phantom functions")	\
	F(T, PCIE_EXP_DEVCAP_EXT_TAG,	 5,  5, "8-bit tags")		\
	F(T, PCIE_EXP_DEVCAP_L0S,	 8,  6, "acceptable L0s latency") \
	F(T, PCIE_EXP_DEVCAP_L1,	11,  9, "acceptable L1 latency") \
	F(T, PCIE_EXP_DEVCAP_RBER,	15, 15, "role-based errors, 1")	\
	F(T, PCIE_EXP_DEVCAP_FLR,	28, 28, "function level reset")
FIELD_REGISTER(PCIE_EXP_DEVCAP_FIELDS);

/* FLR reads 0; on bridges the bit means something else. */
#define PCIE_EXP_DEVCTL_FIELDS(F, T)					\
	F(T, PCIE_EXP_DEVCTL_CERE,	 0,  0, "report correctable errors") \
	F(T, PCIE_EXP_DEVCTL_NFERE,	 1,  1, "report non-fatal errors") \
	F(T, PCIE_EXP_DEVCTL_FERE,	 2,  2, "report fatal errors")	\
	F(T, PCIE_EXP_DEVCTL_URRE,	 3,  3, "report unsupported requests") \
	F(T, PCIE_EXP_DEVCTL_RELAXED,	 4,  4, "relaxed ordering")	\
	F(T, PCIE_EXP_DEVCTL_MAX_PAYLOAD, 7, 5, "payload size")		\
	F(T, PCIE_EXP_DEVCTL_EXT_TAG,	 8,  8, "8-bit tags")		\
	F(T, PCIE_EXP_DEVCTL_PHANTOM,	 9,  9, "phantom functions")	\
	F(T, PCIE_EXP_DEVCTL_AUX_PM,	10, 10, "auxiliary power")	\
	F(T, PCIE_EXP_DEVCTL_NO_SNOOP,	11, 11, "no snoop")		\
	F(T, PCIE_EXP_DEVCTL_MAX_READ,	14, 12, "read request size")	\
	F(T, PCIE_EXP_DEVCTL_FLR,	15, 15, "initiate FLR")
FIELD_REGISTER(PCIE_EXP_DEVCTL_FIELDS);

/* The first four are cleared by writing 1. */
#define PCIE_EXP_DEVSTA_FIELDS(F, T)					\
	F(T, PCIE_EXP_DEVSTA_CED,	 0,  0, "correctable error")	\
	F(T, PCIE_EXP_DEVSTA_NFED,	 1,  1, "non-fatal error")	\
	F(T, PCIE_EXP_DEVSTA_FED,	 2,  2, "fatal error")		\
	F(T, PCIE_EXP_DEVSTA_URD,	 3,  3, "unsupported request")	\
	F(T, PCIE_EXP_DEVSTA_AUX_POWER,	 4,  4, "auxiliary power")	\
	F(T, PCIE_EXP_DEVSTA_PENDING,	 5,  5, "transactions pending")
FIELD_REGISTER(PCIE_EXP_DEVSTA_FIELDS);

/*
 * A function that sends PASIDs has to set EE_PREFIX: drivers refuse to enable
 * PASID without it. EE_PREFIX_MAX 0 means four prefixes.
 */
#define PCIE_EXP_DEVCAP2_FIELDS(F, T)					\
	F(T, PCIE_EXP_DEVCAP2_CTO_RANGES, 3, 0, "completion timeouts")	\
	F(T, PCIE_EXP_DEVCAP2_CTO_DISABLE, 4, 4, "timeout disable")	\
	F(T, PCIE_EXP_DEVCAP2_LTR,	11, 11, "latency tolerance")	\
	F(T, PCIE_EXP_DEVCAP2_TAG10_COMPLETER, 16, 16, "10-bit tags")	\
	F(T, PCIE_EXP_DEVCAP2_TAG10_REQUESTER, 17, 17, "10-bit tags")	\
	F(T, PCIE_EXP_DEVCAP2_EXT_FMT,	20, 20, "3-bit Fmt field")	\
	F(T, PCIE_EXP_DEVCAP2_EE_PREFIX, 21, 21, "end-end TLP prefixes") \
	F(T, PCIE_EXP_DEVCAP2_EE_PREFIX_MAX, 23, 22, "how many")	\
	F(T, PCIE_EXP_DEVCAP2_DMWR,	28, 28, "completes deferrable writes")
FIELD_REGISTER(PCIE_EXP_DEVCAP2_FIELDS);

#define PCIE_EXP_DEVCTL2_FIELDS(F, T)					\
	F(T, PCIE_EXP_DEVCTL2_CTO_VALUE, 3,  0, "completion timeout")	\
	F(T, PCIE_EXP_DEVCTL2_CTO_DISABLE, 4, 4, "timeout disable")	\
	F(T, PCIE_EXP_DEVCTL2_LTR,	10, 10, "latency tolerance")	\
	F(T, PCIE_EXP_DEVCTL2_TAG10,	12, 12, "10-bit tags")
FIELD_REGISTER(PCIE_EXP_DEVCTL2_FIELDS);

/* clang-format on */

/* MSI-X, PCIe 7.7.2. */
enum {
	PCIE_MSIX_CTRL = 0x02,  /* 16 */
	PCIE_MSIX_TABLE = 0x04, /* 32 */
	PCIE_MSIX_PBA = 0x08,   /* 32 */
	PCIE_MSIX_SIZE = 0x0c,

	PCIE_MSIX_MAX_VECTORS = 2048,
};

/* clang-format off */

#define PCIE_MSIX_CTRL_FIELDS(F, T)					\
	F(T, PCIE_MSIX_CTRL_TABLE_SIZE,	10,  0, "vectors - 1")		\
	F(T, PCIE_MSIX_CTRL_MASK_ALL,	14, 14, "mask all vectors")	\
	F(T, PCIE_MSIX_CTRL_ENABLE,	15, 15, "enable")
FIELD_REGISTER(PCIE_MSIX_CTRL_FIELDS);

#define PCIE_MSIX_TABLE_FIELDS(F, T)					\
	F(T, PCIE_MSIX_TABLE_BIR,	 2,  0, "BAR")			\
	F(T, PCIE_MSIX_TABLE_OFFSET,	31,  3, "offset in it / 8")
FIELD_REGISTER(PCIE_MSIX_TABLE_FIELDS);

#define PCIE_MSIX_PBA_FIELDS(F, T)					\
	F(T, PCIE_MSIX_PBA_BIR,		 2,  0, "BAR")			\
	F(T, PCIE_MSIX_PBA_OFFSET,	31,  3, "offset in it / 8")
FIELD_REGISTER(PCIE_MSIX_PBA_FIELDS);

/* clang-format on */

/* A vector in the MSI-X table; MASK is 1 after reset. */
struct pcie_msix_entry {
	uint64_t dw[2];
};

enum {
	PCIE_MSIX_ENTRY_SIZE = 16,
	PCIE_MSIX_ENTRY_OFF_ADDR_LOW = 0x0,  /* 32 */
	PCIE_MSIX_ENTRY_OFF_ADDR_HIGH = 0x4, /* 32 */
	PCIE_MSIX_ENTRY_OFF_DATA = 0x8,      /* 32 */
	PCIE_MSIX_ENTRY_OFF_CTRL = 0xc,      /* 32 */
};

/* clang-format off */

#define PCIE_MSIX_ENTRY_FIELDS(F, T)					\
	F(T, PCIE_MSIX_ENTRY_ADDR,	63,  0, "address, 4-aligned")	\
	F(T, PCIE_MSIX_ENTRY_DATA,	95, 64, "data")			\
	F(T, PCIE_MSIX_ENTRY_MASK,	96, 96, "vector masked")
FIELD_RECORD(struct pcie_msix_entry, PCIE_MSIX_ENTRY_FIELDS);

/* clang-format on */

/* Extended capabilities, PCIe 7.6.3; a header of 0 means there are none. */
enum {
	PCIE_EXT_CAP_ID_AER = 0x01,
	PCIE_EXT_CAP_ID_ATS = 0x0f,
	PCIE_EXT_CAP_ID_PRI = 0x13,
	PCIE_EXT_CAP_ID_PASID = 0x1b,
};

/* clang-format off */

#define PCIE_EXT_CAP_FIELDS(F, T)					\
	F(T, PCIE_EXT_CAP_ID,		15,  0, "PCIE_EXT_CAP_ID_*")	\
	F(T, PCIE_EXT_CAP_VERSION,	19, 16, "version")		\
	F(T, PCIE_EXT_CAP_NEXT,		31, 20, "offset of the next")
FIELD_REGISTER(PCIE_EXT_CAP_FIELDS);

/* clang-format on */

/* PASID, PCIe 7.8.8. Control may change only while ATS is disabled. */
enum {
	PCIE_PASID_CAP = 0x04,  /* 16 */
	PCIE_PASID_CTRL = 0x06, /* 16 */
	PCIE_PASID_SIZE = 0x08,

	PCIE_PASID_BITS = 20,
};

/* clang-format off */

#define PCIE_PASID_CAP_FIELDS(F, T)					\
	F(T, PCIE_PASID_CAP_EXEC,	 1,  1, "execute permission")	\
	F(T, PCIE_PASID_CAP_PRIV,	 2,  2, "privileged mode")	\
	F(T, PCIE_PASID_CAP_WIDTH,	12,  8, "bits of a PASID, to 20")
FIELD_REGISTER(PCIE_PASID_CAP_FIELDS);

#define PCIE_PASID_CTRL_FIELDS(F, T)					\
	F(T, PCIE_PASID_CTRL_ENABLE,	 0,  0, "may use PASIDs")	\
	F(T, PCIE_PASID_CTRL_EXEC,	 1,  1, "may request execute")	\
	F(T, PCIE_PASID_CTRL_PRIV,	 2,  2, "may request privileged")
FIELD_REGISTER(PCIE_PASID_CTRL_FIELDS);

/* clang-format on */

/* Address translation services, PCIe 10.5.1. */
enum {
	PCIE_ATS_CAP = 0x04,  /* 16 */
	PCIE_ATS_CTRL = 0x06, /* 16 */
	PCIE_ATS_SIZE = 0x08,

	PCIE_ATS_MAX_QUEUE_DEPTH = 32, /* what QUEUE_DEPTH 0 means */
	PCIE_ATS_MIN_SHIFT = 12,       /* STU counts from here */
};

/* clang-format off */

#define PCIE_ATS_CAP_FIELDS(F, T)					\
	F(T, PCIE_ATS_CAP_QUEUE_DEPTH,	 4,  0, "invalidations accepted") \
	F(T, PCIE_ATS_CAP_PAGE_ALIGNED,	 5,  5, "requests are 4K-aligned") \
	F(T, PCIE_ATS_CAP_GLOBAL_INV,	 6,  6, "global invalidate")	\
	F(T, PCIE_ATS_CAP_RELAXED,	 7,  7, "relaxed ordering")
FIELD_REGISTER(PCIE_ATS_CAP_FIELDS);

#define PCIE_ATS_CTRL_FIELDS(F, T)					\
	F(T, PCIE_ATS_CTRL_STU,		 4,  0, "smallest unit, 4K << n") \
	F(T, PCIE_ATS_CTRL_ENABLE,	15, 15, "may cache translations")
FIELD_REGISTER(PCIE_ATS_CTRL_FIELDS);

/* clang-format on */

/* Page request interface, PCIe 10.5.2. */
enum {
	PCIE_PRI_CTRL = 0x04,       /* 16 */
	PCIE_PRI_STATUS = 0x06,     /* 16 */
	PCIE_PRI_CAPACITY = 0x08,   /* 32: outstanding requests, most */
	PCIE_PRI_ALLOCATION = 0x0c, /* 32: outstanding requests allowed */
	PCIE_PRI_SIZE = 0x10,
};

/* clang-format off */

/* RESET reads 0 and acts only while ENABLE is, or becomes, 0. */
#define PCIE_PRI_CTRL_FIELDS(F, T)					\
	F(T, PCIE_PRI_CTRL_ENABLE,	 0,  0, "may send page requests") \
	F(T, PCIE_PRI_CTRL_RESET,	 1,  1, "forget requests and credits")
FIELD_REGISTER(PCIE_PRI_CTRL_FIELDS);

/* RF and UPRGI are cleared by writing 1. */
#define PCIE_PRI_STATUS_FIELDS(F, T)					\
	F(T, PCIE_PRI_STATUS_RF,	 0,  0, "response failure")	\
	F(T, PCIE_PRI_STATUS_UPRGI,	 1,  1, "unexpected PRG index")	\
	F(T, PCIE_PRI_STATUS_STOPPED,	 8,  8, "all requests answered") \
	F(T, PCIE_PRI_STATUS_PASID,	15, 15, "responses need the PASID")
FIELD_REGISTER(PCIE_PRI_STATUS_FIELDS);

/* clang-format on */

/*
 * Page Request message, PCIe 10.4.1. Word 0 is the message's last two dwords,
 * the first of them on top. Word 1 is our own packing of what the message
 * carries elsewhere: bits 87:64 are bits 23:0 of the PASID TLP prefix (PCIe
 * 6.20), PASID_VALID says that there was one, RID is the requester ID.
 *
 * LAST with neither READ nor WRITE is a stop marker: all requests of this PASID
 * are before it. It is not answered.
 */
struct pcie_page_request {
	uint64_t dw[2];
};

enum {
	PCIE_PRGI_BITS = 9,
};

/* clang-format off */

#define PCIE_PAGE_REQUEST_FIELDS(F, T)					\
	F(T, PCIE_PAGE_REQUEST_READ,	  0,  0, "wants to read")	\
	F(T, PCIE_PAGE_REQUEST_WRITE,	  1,  1, "wants to write")	\
	F(T, PCIE_PAGE_REQUEST_LAST,	  2,  2, "last of its group")	\
	F(T, PCIE_PAGE_REQUEST_PRGI,	 11,  3, "group index")		\
	F(T, PCIE_PAGE_REQUEST_PAGE,	 63, 12, "address bits 63:12")	\
	F(T, PCIE_PAGE_REQUEST_PASID,	 83, 64, "PASID")		\
	F(T, PCIE_PAGE_REQUEST_EXEC,	 86, 86, "wants to execute")	\
	F(T, PCIE_PAGE_REQUEST_PRIV,	 87, 87, "privileged")		\
	F(T, PCIE_PAGE_REQUEST_PASID_VALID, 88, 88, "has a PASID")	\
	F(T, PCIE_PAGE_REQUEST_RID,	111, 96, "requester ID")
FIELD_RECORD(struct pcie_page_request, PCIE_PAGE_REQUEST_FIELDS);

/* clang-format on */

/*
 * PRG Response codes, PCIe 10.4.2. Codes not listed are handled as FAILURE,
 * which stops the function's page requests.
 */
enum pcie_prg_resp {
	PCIE_PRG_RESP_SUCCESS = 0x0,
	PCIE_PRG_RESP_INVALID = 0x1,
	PCIE_PRG_RESP_FAILURE = 0xf,
};

/*
 * Translation Completion entry, PCIe 10.2.3, in CPU order. With SIZE the range
 * is larger than 4K: the number of ones from bit 12 up to the first zero, n,
 * makes it 8K << n, and those bits are not address. READ and WRITE both 0: no
 * access, ask for the page. EXEC, PRIV and GLOBAL count only if the request had
 * a PASID.
 */
struct pcie_ats_entry {
	uint64_t dw[1];
};

/* clang-format off */

#define PCIE_ATS_ENTRY_FIELDS(F, T)					\
	F(T, PCIE_ATS_ENTRY_READ,	 0,  0, "may read")		\
	F(T, PCIE_ATS_ENTRY_WRITE,	 1,  1, "may write")		\
	F(T, PCIE_ATS_ENTRY_UNTRANSLATED, 2, 2, "untranslated access only") \
	F(T, PCIE_ATS_ENTRY_EXEC,	 3,  3, "may execute")		\
	F(T, PCIE_ATS_ENTRY_PRIV,	 4,  4, "for privileged mode")	\
	F(T, PCIE_ATS_ENTRY_GLOBAL,	 5,  5, "for all PASIDs")	\
	F(T, PCIE_ATS_ENTRY_NON_SNOOPED, 10, 10, "No Snoop must be 0")	\
	F(T, PCIE_ATS_ENTRY_SIZE,	11, 11, "larger than 4K")	\
	F(T, PCIE_ATS_ENTRY_ADDR,	63, 12, "translated address 63:12")
FIELD_RECORD(struct pcie_ats_entry, PCIE_ATS_ENTRY_FIELDS);

/* clang-format on */

#endif
