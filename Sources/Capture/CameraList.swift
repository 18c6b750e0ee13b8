import Glibc

/// A camera as people choose it.
package struct CameraDescription: Hashable, Sendable {
  /// "/dev/video0".
  package var path: String
  /// Links that name this very device wherever it is plugged in: "/dev/v4l/by-id/…".
  package var links: [String]
  /// What the driver calls it.
  package var card: String
  package var driver: String
  package var formats: [FormatOffer]
}

/// The cameras of this machine.
package enum CameraList {
  private static let linkDirectories = ["/dev/v4l/by-id", "/dev/v4l/by-path"]

  /// All that can be opened, in the order of their numbers; and why others could not.
  package static func all() -> (cameras: [CameraDescription], refused: [CaptureError]) {
    let links = allLinks()
    var cameras: [CameraDescription] = []
    var refused: [CaptureError] = []
    for path in devices() {
      do {
        let device = try CameraDevice(path: path, name: path)
        cameras.append(
          CameraDescription(
            path: path, links: links.filter { $0.target == path }.map(\.link).sorted(), card: device.card,
            driver: device.driver, formats: device.offers(for: nil)))
      } catch {
        // Most cameras have a second device, of metadata, that is no camera.
        if error.kind != .unfit { refused.append(error) }
      }
    }
    return (cameras, refused)
  }

  /// The path of a device by its path, the name of a link below /dev/v4l, or its card's name.
  static func path(of name: String) throws(CaptureError) -> String {
    if name.hasPrefix("/") { return name }
    for directory in linkDirectories where !name.contains("/") {
      let link = "\(directory)/\(name)"
      if unsafe access(link, F_OK) == 0 { return link }
    }
    for path in devices() {
      if let device = try? CameraDevice(path: path, name: path), device.card == name { return path }
    }
    throw CaptureError(.absent, "no camera called \"\(name)\" is there")
  }

  private static func devices() -> [String] {
    let numbers = names(in: "/dev").compactMap { name -> Int? in
      name.hasPrefix("video") ? Int(name.dropFirst(5)) : nil
    }
    return numbers.sorted().map { "/dev/video\($0)" }
  }

  private static func allLinks() -> [(link: String, target: String)] {
    linkDirectories.flatMap { directory in
      names(in: directory).compactMap { name -> (String, String)? in
        let link = "\(directory)/\(name)"
        guard let target = unsafe realpath(link, nil) else { return nil }
        defer { unsafe free(target) }
        return unsafe (link, String(cString: target))
      }
    }
  }

  /// Empty where there is no such directory.
  private static func names(in directory: String) -> [String] {
    guard let stream = unsafe opendir(directory) else { return [] }
    defer { unsafe closedir(stream) }
    var found: [String] = []
    while let entry = unsafe readdir(stream) {
      let name = unsafe withUnsafeBytes(of: entry.pointee.d_name) {
        unsafe String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
      }
      if !name.hasPrefix(".") { found.append(name) }
    }
    return found
  }
}
