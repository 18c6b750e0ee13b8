import CLibAV

/// A call into libav that failed: what was being done, to what, and libav's own code.
package struct LibAVError: Error, Sendable, CustomStringConvertible {
  /// What was being done, as a verb: "open", "decode".
  package let operation: String
  /// What it was done to: a path, a codec's name.
  package let subject: String
  /// libav's status: a negative errno, or a negative four-character tag.
  package let code: Int32

  package init(operation: String, subject: String, code: Int32) {
    self.operation = operation
    self.subject = subject
    self.code = code
  }

  /// libav's own words for the code: "Invalid data found when processing input".
  package var reason: String {
    var text = [CChar](repeating: 0, count: 128)
    unsafe text.withUnsafeMutableBufferPointer { buffer in
      _ = unsafe av_strerror(code, buffer.baseAddress, buffer.count)
    }
    return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  package var description: String { "cannot \(operation) \(subject): \(reason)" }

  /// The bytes are not (or not any longer) what they should be.
  package var isInvalidData: Bool { code == CLIBAV_INVALIDDATA }

  /// Throws unless `status` says success; a status of zero or more is handed back.
  @discardableResult
  static func check(
    _ status: Int32, _ operation: @autoclosure () -> String, _ subject: @autoclosure () -> String
  ) throws(LibAVError) -> Int32 {
    guard status < 0 else { return status }
    throw LibAVError(operation: operation(), subject: subject(), code: status)
  }

  /// The failure to allocate, which libav reports by handing back nothing.
  static func noMemory(_ subject: String) -> LibAVError {
    LibAVError(operation: "allocate", subject: subject, code: CLIBAV_ENOMEM)
  }
}
