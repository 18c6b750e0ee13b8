import CALSA
import Glibc

/// A sound capture device as people choose it.
package struct MicrophoneDescription: Hashable, Sendable {
  /// As ALSA and the configuration name it, by its card's name rather than its number: "hw:CARD=Webcam,DEV=0".
  package var device: String
  /// What the drivers call the card and the device.
  package var name: String
}

/// The sound capture devices of this machine.
package enum MicrophoneList {
  package static func all() -> [MicrophoneDescription] {
    calsa_hush()
    var found: [MicrophoneDescription] = []
    var card: Int32 = -1
    while unsafe snd_card_next(&card) >= 0, card >= 0 {
      var opened: OpaquePointer?
      guard unsafe snd_ctl_open(&opened, "hw:\(card)", 0) >= 0, let control = unsafe opened else { continue }
      defer { unsafe snd_ctl_close(control) }
      unsafe found.append(contentsOf: devices(of: control, card))
    }
    return found
  }

  private static func devices(of control: OpaquePointer, _ card: Int32) -> [MicrophoneDescription] {
    var (cardInfo, deviceInfo): (OpaquePointer?, OpaquePointer?)
    guard unsafe snd_ctl_card_info_malloc(&cardInfo) >= 0 else { return [] }
    defer { unsafe snd_ctl_card_info_free(cardInfo) }
    guard unsafe snd_pcm_info_malloc(&deviceInfo) >= 0 else { return [] }
    defer { unsafe snd_pcm_info_free(deviceInfo) }
    guard unsafe snd_ctl_card_info(control, cardInfo) >= 0 else { return [] }
    let identifier = unsafe text(snd_ctl_card_info_get_id(cardInfo))
    let cardName = unsafe text(snd_ctl_card_info_get_name(cardInfo))
    var found: [MicrophoneDescription] = []
    var device: Int32 = -1
    while unsafe snd_ctl_pcm_next_device(control, &device) >= 0, device >= 0 {
      unsafe snd_pcm_info_set_device(deviceInfo, UInt32(device))
      unsafe snd_pcm_info_set_subdevice(deviceInfo, 0)
      unsafe snd_pcm_info_set_stream(deviceInfo, SND_PCM_STREAM_CAPTURE)
      // What only plays has no such stream.
      guard unsafe snd_ctl_pcm_info(control, deviceInfo) >= 0 else { continue }
      let name = unsafe text(snd_pcm_info_get_name(deviceInfo))
      found.append(
        MicrophoneDescription(
          device: "hw:CARD=\(identifier.isEmpty ? "\(card)" : identifier),DEV=\(device)", name: "\(cardName), \(name)"))
    }
    return found
  }

  private static func text(_ pointer: UnsafePointer<CChar>?) -> String {
    guard let pointer = unsafe pointer else { return "" }
    return unsafe String(cString: pointer)
  }
}
