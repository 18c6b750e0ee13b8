import TransportStream

/// Who a station is, on the air: what its tables say of it, whatever it plays.
package struct StationIdentity: Codable, Hashable, Sendable {
  /// The station's number, 1 to 65,535: the program number of the PAT and PMT, the service id of the SDT.
  package var number: UInt16
  package var name: String
  /// The site's name: the service provider of the SDT.
  package var provider: String
  /// The same for all stations of a site.
  package var transportStreamID: UInt16

  package init(number: UInt16, name: String, provider: String, transportStreamID: UInt16) {
    self.number = number
    self.name = name
    self.provider = provider
    self.transportStreamID = transportStreamID
  }
}
