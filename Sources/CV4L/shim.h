// What Swift cannot see of Video4Linux2: the numbers of its requests, which are macros over the sizes of structures, and
// v4l2_ioctl, which takes a variable number of arguments.
#pragma once
#include <stdio.h>
#include <sys/mman.h>
#include <sys/sysmacros.h>
#include <libv4l2.h>
#include <linux/videodev2.h>

static const unsigned long CV4L_QUERYCAP = VIDIOC_QUERYCAP;
static const unsigned long CV4L_ENUM_FMT = VIDIOC_ENUM_FMT;
static const unsigned long CV4L_ENUM_FRAMESIZES = VIDIOC_ENUM_FRAMESIZES;
static const unsigned long CV4L_ENUM_FRAMEINTERVALS = VIDIOC_ENUM_FRAMEINTERVALS;
static const unsigned long CV4L_S_FMT = VIDIOC_S_FMT;
static const unsigned long CV4L_S_PARM = VIDIOC_S_PARM;
static const unsigned long CV4L_S_EXT_CTRLS = VIDIOC_S_EXT_CTRLS;
static const unsigned long CV4L_REQBUFS = VIDIOC_REQBUFS;
static const unsigned long CV4L_QUERYBUF = VIDIOC_QUERYBUF;
static const unsigned long CV4L_QBUF = VIDIOC_QBUF;
static const unsigned long CV4L_DQBUF = VIDIOC_DQBUF;
static const unsigned long CV4L_STREAMON = VIDIOC_STREAMON;
static const unsigned long CV4L_STREAMOFF = VIDIOC_STREAMOFF;

static const unsigned int CV4L_CAP_DEVICE_CAPS = V4L2_CAP_DEVICE_CAPS;
static const unsigned int CV4L_CID_GOP_SIZE = V4L2_CID_MPEG_VIDEO_GOP_SIZE;
static const unsigned int CV4L_CID_I_PERIOD = V4L2_CID_MPEG_VIDEO_H264_I_PERIOD;
static const unsigned int CV4L_CID_REPEAT_HEADERS = V4L2_CID_MPEG_VIDEO_REPEAT_SEQ_HEADER;
static const unsigned int CV4L_CID_CODEC_CLASS = V4L2_CTRL_CLASS_CODEC;

/// A device number's major part.
static inline unsigned int cv4l_major(unsigned long device) { return major(device); }

/// Returns 0 or more, or -1 with errno.
static inline int cv4l_ioctl(int descriptor, unsigned long request, void *argument) {
  return v4l2_ioctl(descriptor, request, argument);
}

/// Returns a descriptor, or -1 with errno.
static inline int cv4l_open(const char *path, int flags) { return v4l2_open(path, flags, 0); }

/// Keeps libv4l2 from writing to standard error: what fails is said by whoever called it.
static inline void cv4l_hush(void) {
  if (!v4l2_log_file) v4l2_log_file = fopen("/dev/null", "we");
}

/// One control of the codec class; returns 0, or -1 with errno where the device does not have it.
static inline int cv4l_set_codec_control(int descriptor, unsigned int identifier, int value) {
  struct v4l2_ext_control control = {.id = identifier, .value = value};
  struct v4l2_ext_controls controls = {.which = CV4L_CID_CODEC_CLASS, .count = 1, .controls = &control};
  return v4l2_ioctl(descriptor, VIDIOC_S_EXT_CTRLS, &controls);
}

/// Whether a device has a control of that number, and lets it be set.
static inline int cv4l_has_control(int descriptor, unsigned int identifier) {
  struct v4l2_queryctrl query = {.id = identifier};
  return v4l2_ioctl(descriptor, VIDIOC_QUERYCTRL, &query) == 0 &&
         !(query.flags & (V4L2_CTRL_FLAG_DISABLED | V4L2_CTRL_FLAG_READ_ONLY));
}
