/// How a camera's pictures lie in memory: V4L2's four-character code.
package struct PixelFormat: Hashable, Sendable, CustomStringConvertible {
  /// The first character in the lowest byte; the highest bit says big-endian.
  package let code: UInt32

  package init(code: UInt32) { self.code = code }

  /// By its four characters, "YUYV"; shorter names are filled up with blanks. Nil of what cannot be one.
  package init?(_ name: String) {
    let bytes = Array(name.utf8)
    guard (1...4).contains(bytes.count), bytes.allSatisfy({ (0x20...0x7E).contains($0) }) else { return nil }
    code = (0..<4).reduce(0) { $0 | UInt32($1 < bytes.count ? bytes[$1] : 0x20) << (8 * $1) }
  }

  private init(_ a: Unicode.Scalar, _ b: Unicode.Scalar, _ c: Unicode.Scalar, _ d: Unicode.Scalar) {
    code = a.value | b.value << 8 | c.value << 16 | d.value << 24
  }

  /// The four characters, without blanks at the end: "YUYV".
  package var description: String {
    var name = ""
    for shift in stride(from: UInt32(0), to: 32, by: 8) {
      let byte = code >> shift & 0x7F
      name.unicodeScalars.append((0x20...0x7E).contains(byte) ? Unicode.Scalar(UInt8(byte)) : "?")
    }
    while name.last == " " { name.removeLast() }
    return code >> 31 == 1 ? name + "-BE" : name
  }

  /// Coded pictures: one H.264 access unit a buffer.
  package static let h264 = PixelFormat("H", "2", "6", "4")
  /// Coded pictures: one JPEG image a buffer. Cameras say one or the other, and mean the same.
  package static let motionJPEG = PixelFormat("M", "J", "P", "G")
  package static let jpeg = PixelFormat("J", "P", "E", "G")

  /// libavutil's name for the same layout; nil of coded pictures, and of layouts that nobody here reads.
  package var layout: String? { PixelFormat.layouts.first { $0.format == self }?.layout }

  package var isJPEG: Bool { self == .motionJPEG || self == .jpeg }

  /// The lower, the better, all else being equal: fewest bytes and least work first. Nil: of no use here.
  package var preference: Int? {
    if let index = PixelFormat.layouts.firstIndex(where: { $0.format == self }) { return index }
    if isJPEG { return PixelFormat.layouts.count }
    return self == .h264 ? PixelFormat.layouts.count + 1 : nil
  }

  /// What is read as it is, best first: 4:2:0 as the encoder wants it, then 4:2:2, grey, and RGB.
  private static let layouts: [(format: PixelFormat, layout: String)] = [
    (PixelFormat("N", "V", "1", "2"), "nv12"),
    (PixelFormat("Y", "U", "1", "2"), "yuv420p"),
    (PixelFormat("N", "V", "2", "1"), "nv21"),
    (PixelFormat("Y", "U", "Y", "V"), "yuyv422"),
    (PixelFormat("U", "Y", "V", "Y"), "uyvy422"),
    (PixelFormat("Y", "V", "Y", "U"), "yvyu422"),
    (PixelFormat("4", "2", "2", "P"), "yuv422p"),
    (PixelFormat("N", "V", "1", "6"), "nv16"),
    (PixelFormat("N", "V", "2", "4"), "nv24"),
    (PixelFormat("G", "R", "E", "Y"), "gray"),
    (PixelFormat("R", "G", "B", "3"), "rgb24"),
    (PixelFormat("B", "G", "R", "3"), "bgr24"),
    (PixelFormat("X", "R", "2", "4"), "bgr0"),
    (PixelFormat("B", "X", "2", "4"), "0rgb"),
  ]
}
