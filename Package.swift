// swift-tools-version: 6.2
import PackageDescription

/// Every Swift target: language mode 6, memory safety checked, warnings are errors.
let strict: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .strictMemorySafety(),
  .treatAllWarnings(as: .error),
]

let package = Package(
  name: "stationd",
  products: [
    .executable(name: "stationd", targets: ["StationServer"]),
    .executable(name: "tuner", targets: ["Tuner"]),
    .executable(name: "stationd-recorder", targets: ["Recorder"]),
    .executable(name: "aircheck", targets: ["AirCheck"]),
    .executable(name: "airbench", targets: ["AirBench"]),
    .executable(name: "bareloop", targets: ["BareLoop"]),
    .executable(name: "controlload", targets: ["ControlLoad"]),
    .executable(name: "receiverload", targets: ["ReceiverLoad"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    // Without its Foundation conveniences: the whole of Foundation would double what every program loads at its start.
    .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2", traits: []),
    .package(url: "https://github.com/apple/swift-system", from: "1.5.0"),
  ],
  targets: [
    // Libraries, from the bits up. Arrows point one way only: see docs/architecture.md.
    .target(name: "TransportStream", swiftSettings: strict),
    .target(name: "Tape", dependencies: ["TransportStream"], swiftSettings: strict),
    .target(name: "Playout", dependencies: ["Tape", "TransportStream"], swiftSettings: strict),
    .target(name: "Timetables", dependencies: ["TransportStream"], swiftSettings: strict),
    .target(
      name: "Wire",
      dependencies: [.product(name: "NIOCore", package: "swift-nio")],
      swiftSettings: strict),
    .target(name: "CLinux"),
    .target(name: "CXCB"),
    .target(name: "LinuxIO", dependencies: ["CLinux", "CXCB"], swiftSettings: strict),
    .target(name: "AirWatch", dependencies: ["TransportStream", "Wire", "LinuxIO"], swiftSettings: strict),
    .target(name: "Reception", dependencies: ["TransportStream", "Wire", "LinuxIO"], swiftSettings: strict),
    .systemLibrary(
      name: "CLibAV",
      pkgConfig: "libavformat libavcodec libavfilter libavutil",
      providers: [.apt(["libavformat-dev", "libavcodec-dev", "libavfilter-dev", "libavutil-dev"])]),
    .target(name: "CConnectGate"),
    .target(name: "LibAV", dependencies: ["CLibAV", "CConnectGate"], swiftSettings: strict),
    .systemLibrary(name: "CV4L", pkgConfig: "libv4l2", providers: [.apt(["libv4l-dev"])]),
    .systemLibrary(name: "CALSA", pkgConfig: "alsa", providers: [.apt(["libasound2-dev"])]),
    .target(name: "Capture", dependencies: ["CV4L", "CALSA", "LinuxIO"], swiftSettings: strict),
    // The functions that it looks up in libxcb are declared by libxcb1-dev.
    .target(name: "Desktop", dependencies: ["LinuxIO"], swiftSettings: strict),

    // Programs.
    .executableTarget(
      name: "Recorder",
      dependencies: [
        "LibAV", "Capture", "Tape", "TransportStream", "LinuxIO",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: strict),
    .executableTarget(
      name: "StationServer",
      dependencies: [
        "Playout", "Tape", "Timetables", "TransportStream", "Wire", "LinuxIO",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
        .product(name: "Subprocess", package: "swift-subprocess"),
        .product(name: "SystemPackage", package: "swift-system"),
        .product(name: "UnixSignals", package: "swift-service-lifecycle"),
      ],
      swiftSettings: strict),
    .executableTarget(
      name: "Tuner",
      dependencies: [
        "Reception", "Timetables", "Wire", "TransportStream", "Desktop", "LinuxIO",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
      ],
      swiftSettings: strict),
    .executableTarget(
      name: "AirCheck",
      dependencies: [
        "AirWatch", "Playout", "Tape", "TransportStream", "Wire", "LinuxIO",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: strict),
    .executableTarget(
      name: "AirBench",
      dependencies: [
        "AirWatch", "TransportStream", "LinuxIO",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: strict),
    .executableTarget(name: "BareLoop"),
    .executableTarget(
      name: "ControlLoad",
      dependencies: [
        "Wire", "LinuxIO",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
      ],
      swiftSettings: strict),
    .executableTarget(
      name: "ReceiverLoad",
      dependencies: [
        "Reception", "Wire", "LinuxIO",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: strict),

    // Tests.
    .target(
      name: "SyntheticTape", dependencies: ["Tape", "TransportStream"], path: "Tests/SyntheticTape",
      swiftSettings: strict),
    .testTarget(name: "TransportStreamTests", dependencies: ["TransportStream"], swiftSettings: strict),
    .testTarget(
      name: "TapeTests", dependencies: ["Tape", "TransportStream", "SyntheticTape"], swiftSettings: strict),
    .testTarget(
      name: "PlayoutTests", dependencies: ["Playout", "Tape", "TransportStream", "SyntheticTape"],
      swiftSettings: strict),
    .testTarget(name: "TimetablesTests", dependencies: ["Timetables", "TransportStream"], swiftSettings: strict),
    .testTarget(name: "WireTests", dependencies: ["Wire"], swiftSettings: strict),
    .testTarget(name: "LinuxIOTests", dependencies: ["LinuxIO"], swiftSettings: strict),
    .testTarget(name: "DesktopTests", dependencies: ["Desktop", "LinuxIO"], swiftSettings: strict),
    .testTarget(name: "CaptureTests", dependencies: ["Capture"], swiftSettings: strict),
    .testTarget(
      name: "RecorderTests",
      dependencies: [
        "Recorder", "LibAV", "LinuxIO", "Playout", "Tape", "TransportStream", "SyntheticTape",
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
      ],
      swiftSettings: strict),
    .testTarget(
      name: "StationServerTests",
      dependencies: [
        "StationServer", "LinuxIO", "Playout", "Tape", "Timetables", "TransportStream", "Wire", "SyntheticTape",
        .product(name: "Logging", package: "swift-log"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "NIOEmbedded", package: "swift-nio"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
      ],
      swiftSettings: strict),
    .target(
      name: "TSBytes", dependencies: ["Reception", "TransportStream", "Wire", "LinuxIO"], path: "Tests/TSBytes",
      swiftSettings: strict),
    .testTarget(
      name: "ReceptionTests",
      dependencies: ["Reception", "Wire", "TransportStream", "LinuxIO", "TSBytes"], swiftSettings: strict),
    .testTarget(
      name: "TunerTests",
      dependencies: [
        "Tuner", "Reception", "Timetables", "Wire", "TransportStream", "Desktop", "LinuxIO", "TSBytes",
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
      ],
      swiftSettings: strict),
    .testTarget(
      name: "AirWatchTests", dependencies: ["AirWatch", "TransportStream", "Wire", "LinuxIO"],
      swiftSettings: strict),
    .testTarget(name: "AirBenchTests", dependencies: ["AirBench", "AirWatch"], swiftSettings: strict),
    .testTarget(
      name: "ControlLoadTests", dependencies: ["ControlLoad", "Wire", .product(name: "NIOCore", package: "swift-nio")],
      swiftSettings: strict),
    .testTarget(
      name: "ReceiverLoadTests", dependencies: ["ReceiverLoad", "Reception", "TSBytes"], swiftSettings: strict),
  ]
)

// Fuzz targets exist only where `scripts/fuzz` asks for them: they link libFuzzer, which brings its own main.
if Context.environment["STATIOND_FUZZ"] != nil {
  let fuzzed = strict + [.unsafeFlags(["-parse-as-library"])]
  package.products += [
    .executable(name: "fuzz-wire", targets: ["FuzzWire"]),
    .executable(name: "fuzz-packets", targets: ["FuzzPackets"]),
  ]
  package.targets += [
    .executableTarget(
      name: "FuzzWire", dependencies: ["Wire", .product(name: "NIOCore", package: "swift-nio")],
      path: "Tests/Fuzz/FuzzWire", swiftSettings: fuzzed),
    .executableTarget(
      name: "FuzzPackets", dependencies: ["TransportStream"], path: "Tests/Fuzz/FuzzPackets", swiftSettings: fuzzed),
  ]
}
