// What Swift cannot see of libav: macros that are not plain numbers, and one field behind a union.
#pragma once
#include <libavcodec/avcodec.h>
#include <libavcodec/bsf.h>
#include <libavfilter/avfilter.h>
#include <libavfilter/buffersink.h>
#include <libavfilter/buffersrc.h>
#include <libavformat/avformat.h>
#include <libavutil/avutil.h>
#include <libavutil/channel_layout.h>
#include <libavutil/display.h>
#include <libavutil/imgutils.h>
#include <libavutil/opt.h>
#include <libavutil/pixdesc.h>

static const int CLIBAV_EAGAIN = AVERROR(EAGAIN);
static const int CLIBAV_ENOMEM = AVERROR(ENOMEM);
static const int CLIBAV_EINVAL = AVERROR(EINVAL);
static const int CLIBAV_EOF = AVERROR_EOF;
static const int CLIBAV_EXIT = AVERROR_EXIT;
static const int CLIBAV_HTTP_BAD_REQUEST = AVERROR_HTTP_BAD_REQUEST;
static const int CLIBAV_HTTP_UNAUTHORIZED = AVERROR_HTTP_UNAUTHORIZED;
static const int CLIBAV_HTTP_FORBIDDEN = AVERROR_HTTP_FORBIDDEN;
static const int CLIBAV_HTTP_NOT_FOUND = AVERROR_HTTP_NOT_FOUND;
static const int CLIBAV_HTTP_OTHER_4XX = AVERROR_HTTP_OTHER_4XX;
static const int CLIBAV_HTTP_SERVER_ERROR = AVERROR_HTTP_SERVER_ERROR;
static const int CLIBAV_PROTOCOL_NOT_FOUND = AVERROR_PROTOCOL_NOT_FOUND;
static const int CLIBAV_INVALIDDATA = AVERROR_INVALIDDATA;
static const int CLIBAV_ENCODER_NOT_FOUND = AVERROR_ENCODER_NOT_FOUND;
static const int CLIBAV_DECODER_NOT_FOUND = AVERROR_DECODER_NOT_FOUND;
static const int64_t CLIBAV_NOPTS = AV_NOPTS_VALUE;

/// The matrix's rotation in degrees, counterclockwise; NaN when it is singular.
static inline double clibav_rotation(const uint8_t *matrix) { return av_display_rotation_get((const int32_t *)matrix); }
