import ArgumentParser
import Capture
import FoundationEssentials
import LinuxIO

/// `stationd-recorder cameras`: what a camera station can be made of here.
struct CamerasCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cameras",
    abstract: "Lists this machine's cameras, with their formats, sizes and rates, and its microphones.")

  @Flag(help: "As JSON.")
  var json = false

  @Option(name: .customLong("try"), help: "Capture from this camera for a moment, and say how it delivers.")
  var device: String?

  @Option(help: "Then: at this size, as 640x480.")
  var size: String?

  @Option(help: "Then: so many pictures a second.")
  var rate: Double?

  @Option(help: "Then: in this pixel format, as YUYV.")
  var pixelFormat: String?

  @Option(help: "Then: so many pictures.")
  var pictures = 50

  @Option(help: "Listen to this microphone for a moment, and say how it delivers.")
  var listen: String?

  @Option(help: "Then: for so many seconds.")
  var seconds = 2.0

  func validate() throws {
    guard (1...100_000).contains(pictures) else { throw ValidationError("--pictures takes 1 to 100000.") }
    guard (0.1...3_600).contains(seconds) else { throw ValidationError("--seconds takes 0.1 to 3600.") }
    _ = try wish()
  }

  private func wish() throws -> CaptureWish {
    var wish = CaptureWish(rate: rate)
    if let size {
      let numbers = size.split(separator: "x").compactMap { Int($0) }
      guard numbers.count == 2, numbers.allSatisfy({ (1...16_384).contains($0) }) else {
        throw ValidationError("A size is written as 640x480, unlike \"\(size)\".")
      }
      wish.size = PictureSize(numbers[0], numbers[1])
    }
    if let pixelFormat {
      guard let format = PixelFormat(pixelFormat) else {
        throw ValidationError("A pixel format has four characters, as YUYV, unlike \"\(pixelFormat)\".")
      }
      wish.pixelFormat = format
    }
    return wish
  }

  func run() throws {
    do {
      try DescriptorIO.writeAll(Array(try answer().utf8).span, to: 1)
    } catch let error as CaptureError {
      let error = RecorderError(error)
      DescriptorIO.log("stationd-recorder: \(error)")
      throw ExitCode(error.status.rawValue)
    }
  }

  private func answer() throws -> String {
    if let device {
      let trial = try CameraTrial(device, wish(), pictures: pictures)
      return json ? try Self.json(trial) : trial.text
    }
    if let listen {
      let trial = try MicrophoneTrial(listen, seconds: seconds)
      return json ? try Self.json(trial) : trial.text
    }
    let (cameras, refused) = CameraList.all()
    let microphones = MicrophoneList.all()
    if json { return try Self.json(CameraTable.Document(cameras, microphones)) }
    return CameraTable.text(cameras, refused, microphones)
  }

  private static func json(_ answer: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(answer), as: UTF8.self) + "\n"
  }
}

/// Cameras and microphones as text and as JSON.
enum CameraTable {
  static func text(
    _ cameras: [CameraDescription], _ refused: [CaptureError], _ microphones: [MicrophoneDescription]
  ) -> String {
    var lines = cameras.isEmpty ? ["no cameras"] : []
    for camera in cameras {
      lines.append("\(camera.path)  \(camera.card)  (driver \(camera.driver))")
      lines += camera.links.map { "  \($0)" }
      for format in camera.formats {
        let made = format.isEmulated ? ", made by libv4l2" : ""
        let use = format.pixelFormat.preference == nil ? ", cannot be read here" : ""
        lines.append("  \(format.pixelFormat)  \(format.name)\(made)\(use)")
        if case .from(let least, let most, let width, let height) = format.sizes {
          lines.append("    every size from \(least) to \(most) in steps of \(width)x\(height), among them:")
        }
        for size in format.sizes.candidates(near: nil) {
          lines.append("    \(size)" + (format.rates[size].map { "  \(rates($0))" } ?? ""))
        }
      }
    }
    lines += refused.map { "\($0)" }
    lines += microphones.isEmpty ? ["no microphones"] : ["microphones"]
    lines += microphones.map { "  \($0.device)  \($0.name)" }
    return lines.joined(separator: "\n") + "\n"
  }

  private static func rates(_ range: RateRange) -> String {
    switch range {
    case .each(let rates): rates.map { "\($0)" }.joined(separator: ", ") + " pictures a second"
    case .from(let least, let most): "\(least) to \(most) pictures a second"
    }
  }

  struct Document: Encodable {
    let cameras: [Camera]
    let microphones: [Microphone]

    init(_ cameras: [CameraDescription], _ microphones: [MicrophoneDescription]) {
      self.cameras = cameras.map { camera in
        Camera(
          path: camera.path, links: camera.links, name: camera.card, driver: camera.driver,
          formats: camera.formats.map(Format.init))
      }
      self.microphones = microphones.map { Microphone(device: $0.device, name: $0.name) }
    }
  }

  struct Camera: Encodable {
    let path: String
    let links: [String]
    let name: String
    let driver: String
    let formats: [Format]
  }

  struct Microphone: Encodable {
    let device: String
    let name: String
  }

  struct Format: Encodable {
    let pixelFormat: String
    let name: String
    let isEmulated: Bool
    let isUsable: Bool
    let sizes: [Size]
    /// Where every size between two is offered: the least, the most, the steps.
    let range: [String]?

    init(_ offer: FormatOffer) {
      pixelFormat = "\(offer.pixelFormat)"
      name = offer.name
      isEmulated = offer.isEmulated
      isUsable = offer.pixelFormat.preference != nil
      sizes = offer.sizes.candidates(near: nil).map { Size($0, offer.rates[$0]) }
      if case .from(let least, let most, let width, let height) = offer.sizes {
        range = ["\(least)", "\(most)", "\(width)x\(height)"]
      } else {
        range = nil
      }
    }
  }

  struct Size: Encodable {
    let size: String
    /// Pictures a second.
    let rates: [Double]?
    /// Where every rate between two is offered: the least and the most.
    let rateRange: [Double]?

    init(_ size: PictureSize, _ range: RateRange?) {
      self.size = "\(size)"
      switch range {
      case .each(let all): (rates, rateRange) = (all.map(\.value), nil)
      case .from(let least, let most): (rates, rateRange) = (nil, [least.value, most.value])
      case nil: (rates, rateRange) = (nil, nil)
      }
    }
  }
}
