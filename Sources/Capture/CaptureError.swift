import Glibc

/// Why a device delivers nothing: one line for people, "/dev/video0 is not there".
package struct CaptureError: Error, Hashable, Sendable, CustomStringConvertible {
  package enum Kind: Hashable, Sendable {
    /// There is no such device, or it was unplugged.
    case absent
    /// Another program has it.
    case busy
    /// This user must not open it.
    case forbidden
    /// It is no camera or microphone, or has nothing that can be used.
    case unfit
    /// It stopped delivering, or a request to it failed.
    case failed
  }

  package let kind: Kind
  package let description: String

  package init(_ kind: Kind, _ description: String) {
    self.kind = kind
    self.description = description
  }

  /// What the kernel's answer to a request means.
  ///
  /// - Parameters:
  ///   - device: as its owner named it.
  ///   - operation: what was asked of it, as a verb: "begin to capture".
  ///   - code: errno's value.
  ///   - group: whose members may use such devices.
  package init(device: String, operation: String, code: Int32, group: String) {
    switch code {
    case ENOENT, ENODEV, ENXIO: self.init(.absent, "\(device) is not there")
    case EIO: self.init(.failed, "\(device) fails: it may have been unplugged")
    case EBUSY: self.init(.busy, "\(device) is busy: another program has it")
    case EACCES, EPERM:
      self.init(.forbidden, "\(device) must not be opened by this user: it takes the group \"\(group)\"")
    default:
      self.init(.failed, "\(device) does not \(operation): \(unsafe String(cString: strerror(code)))")
    }
  }
}
