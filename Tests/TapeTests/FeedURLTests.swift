import Testing

@testable import Tape

struct FeedURLTests {
  @Test(arguments: [
    "rtsp://camera.example/live", "rtsp://user:p%40ss@10.0.0.7:8554/cam?channel=1&subtype=0",
    "rtsps://camera.example/live", "https://cdn.example/a/b.m3u8?token=x%20y", "http://[2001:db8::7]:8080/live.ts",
    "srt://relay.example:9000", "srt://:9000?mode=listener",
    "srt://relay.example:9000?streamid=%23!%3A%3Ar=a&latency=80",
    "udp://239.1.2.3:5000?localaddr=eth0", "udp://@239.1.2.3:5000", "rtp://10.0.0.2:5004", "rtp://:5004", "HTTP://a/b",
  ])
  func isTaken(_ url: String) {
    #expect(FeedURL.fault(url) == nil)
  }

  @Test(arguments: [
    ("", "does not begin with"), ("camera.example/live", "does not begin with"),
    ("file:///etc/passwd", "does not begin with"),
    ("concat:http://a/1.ts", "does not begin with"), ("data:text/plain,a", "does not begin with"),
    ("subfile,,start,0,end,9,,:http://a/", "does not begin with"), ("rtmp://a/b", "does not begin with"),
    ("http:a", "no \"//\""), ("http:///a", "names no host"), ("rtsp://", "names no host"),
    ("http://a|b/c", "%7C"), ("http://a/b c", "%20"), ("http://a/b\r\nHost: c", "%20"), ("http://a/\u{1F600}", "%20"),
    ("http://a\\b/", "%20"), ("http://a,b/", "names no host that can be"),
    ("http://a%2fb/", "names no host that can be"),
    ("http://[::1/", "without a \"]\""), ("http://[fe80::1%25eth0]/", "no IPv6 address"),
    ("http://a:0/", "port"), ("http://a:65536/", "port"), ("http://a:/", "port"), ("http://a:80x/", "port"),
    ("udp://239.1.2.3", "names no port"), ("srt://a", "names no port"), ("rtp://group.example:5004", "as numbers"),
    ("udp://[ff02::1]:5000", "IPv6"), ("udp://239.1.2.3:5000/a", "has a path"),
    ("udp://239.1.2.3:5000?fifo_size=9", "only localaddr may be"), ("udp://239.1.2.3:5000?localaddr=", "says nothing"),
    ("udp://239.1.2.3:5000?localaddr=a&localaddr=b", "twice"), ("rtp://user@239.1.2.3:5000", "knows none"),
    ("srt://a:9000?mode=rendezvous", "neither"), ("srt://:9000", "names no host"),
    ("srt://a:9000?latency=9999", "5000 ms"),
    ("srt://a:9000?passphrase=short", "10 to 79"), ("srt://a:9000?pbkeylen=8", "none of"),
    ("srt://a:9000?streamid=%0a", "says nothing"), ("srt://a:9000?transtype=file", "may be"),
  ])
  func isRefused(_ url: String, _ words: String) throws {
    let fault = try #require(FeedURL.fault(url))
    #expect(fault.contains(words))
  }

  @Test func isTakenApart() throws {
    let url = try FeedURL("rtsp://user:secret@camera.example:8554/cam?key=hidden#part")
    #expect(url.scheme == .rtsp && url.credentials == "user:secret" && url.host == "camera.example" && url.port == 8554)
    #expect(url.path == "/cam?key=hidden")
    #expect(url.shown == "camera.example:8554")
    #expect(try FeedURL("https://u:p@a/b").shown == "a")
    #expect(try FeedURL("http://[2001:db8::7]/").shown == "[2001:db8::7]")
    #expect(try FeedURL("http://[2001:db8::7]/").host == "2001:db8::7")
    #expect(
      try FeedURL("srt://a:9000?streamid=a%3Db&passphrase=0123456789").options == [
        "streamid": "a=b", "passphrase": "0123456789",
      ])
    #expect(try FeedURL("udp://239.255.0.1:5000").isMulticast)
    #expect(try !FeedURL("udp://10.0.0.1:5000").isMulticast)
    // Whoever is shown a fault is shown no secret with it.
    #expect(FeedURL.fault("rtsp://user:secret@camera.example:port/")?.contains("secret") == false)
  }

  /// Passwords with signs that end a host, and other slips.
  @Test(arguments: [
    "rtsp://user:s3cret/x@camera.example/", "rtsp://user:1234/x@camera.example/",
    "rtsp://user:s3cret#x@camera.example/",
    "rtsp://user:s3cret?x@camera.example/", "rtsp://user:s3cret@camera.example:99999/", "rtsp:/user:s3cret@camera/",
    "rtsp://user:s3cret@", "rtsp://user:s3cret@a!b/", "rtsp://user:s3 cret@camera/", "srt://a:9000?s3cret",
    "srt://a:9000?pbkeylen=s3cret", "srt://a:9000?passphrase=s3cret", "srt://a:9000?mode=s3cret", "srt://s3cret@a:9000",
    "udp://s3cret@239.1.2.3:5000", "s3cret:s3cret", "rtsp://us!er:s3cret", "rtsp://s3cret!:1234",
  ])
  func repeatsNoSecret(_ url: String) throws {
    let fault = try #require(FeedURL.fault(url))
    #expect(!fault.contains("cret") && !fault.contains("1234"))
    let shown = FeedURL.withoutSecrets(url)
    #expect(!shown.contains("cret") && !shown.contains("1234"))
  }
}
