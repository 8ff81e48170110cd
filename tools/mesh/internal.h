/* SPDX-License-Identifier: GPL-2.0 */
/* What the encoder and the decoder share. */
#ifndef MESH_INTERNAL_H
#define MESH_INTERNAL_H

#include "codec.h"

/* All lists look alike, see MESH_LIST_OF. */
typedef MESH_LIST_OF(char) mesh_any_list;

/* Size in memory of one value of the field's type. */
size_t mesh_codec_size(const struct mesh_field *f);

#endif /* MESH_INTERNAL_H */
