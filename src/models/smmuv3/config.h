/* SPDX-License-Identifier: MIT */
/* From a StreamID and a SubstreamID to a context. All under the lock. */
#ifndef HW_SMMUV3_CONFIG_H
#define HW_SMMUV3_CONFIG_H

#include "models/smmuv3/state.h"

/* The checked STE of a stream; -EFAULT and *ret_fault. */
int smmuv3_hw_config_ste(struct smmuv3_hw *m, uint32_t sid,
			 struct smmu_ste *ret_ste,
			 struct smmuv3_hw_fault *ret_fault);

/* What the cache has of a stream's STE, valid or not, if it has it. */
bool smmuv3_hw_config_cached(const struct smmuv3_hw *m, uint32_t sid,
			     struct smmu_ste *ret_ste);

/* Does the STE let the stream use ATS? Config is not abort. */
bool smmuv3_hw_config_ats(const struct smmuv3_hw *m,
			  const struct smmu_ste *ste);

/*
 * The context of (stream, substream) under an STE that does not abort. On
 * failure *ret_ctx holds what the STE says.
 */
int smmuv3_hw_config_ctx(struct smmuv3_hw *m, const struct smmu_ste *ste,
			 const struct smmuv3_hw_req *req,
			 struct smmuv3_hw_ctx *ret_ctx,
			 struct smmuv3_hw_fault *ret_fault);

/*
 * What a legal STE says: a context without stage 1. What a legal CD adds.
 */
void smmuv3_hw_decode_ste(const struct smmuv3_hw *m, const struct smmu_ste *ste,
			  struct smmuv3_hw_ctx *ret_ctx);
void smmuv3_hw_decode_cd(const struct smmuv3_hw *m, const struct smmu_cd *cd,
			 struct smmuv3_hw_ctx *ctx);

/* CMD_CFGI_*. Streams: those whose bits in mask are those of sid. */
void smmuv3_hw_config_drop_ste(struct smmuv3_hw *m, uint32_t sid, uint32_t mask,
			       bool leaf);
void smmuv3_hw_config_drop_cd(struct smmuv3_hw *m, uint32_t sid, uint32_t ssid,
			      bool leaf);
void smmuv3_hw_config_drop_cds(struct smmuv3_hw *m, uint32_t sid);
void smmuv3_hw_config_flush(struct smmuv3_hw *m);

/* V and the checks of 5.2.2 and 5.4.2. */
bool smmuv3_hw_ste_illegal(const struct smmuv3_hw *m,
			   const struct smmu_ste *ste);
bool smmuv3_hw_cd_illegal(const struct smmuv3_hw *m, const struct smmu_ste *ste,
			  const struct smmu_cd *cd);

/* 3.3.3: whose translations the stream uses. */
enum smmuv3_hw_world smmuv3_hw_ste_world(const struct smmuv3_hw *m,
					 const struct smmu_ste *ste);

#endif
