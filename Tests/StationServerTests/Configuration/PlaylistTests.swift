import Testing

@testable import StationServer

@Suite struct PlaylistTests {
  @Test func namesFilesAndTitles() {
    let text = """
      \u{FEFF}#EXTM3U\r
      # a comment\r
      #EXTINF:212,The Pilots - Low Tide\r
      songs/low tide.flac\r
      \r
      ../other/two.mp3\r
      #EXTINF:-1 logo="a,b" group="x",Three, really\r
      /srv/three:3.mp3\r
      #EXTINF:1,\r
      file:///srv/vier%20%C3%BC.mp3\r
      file://localhost/srv/five.mp3\r
      10:30 news.mp3
      """
    let playlist = Playlist(Array(text.utf8), in: "/media/lists")
    #expect(playlist.refusals == [])
    #expect(
      playlist.entries == [
        .init(file: "/media/lists/songs/low tide.flac", title: "The Pilots - Low Tide"),
        .init(file: "/media/other/two.mp3"), .init(file: "/srv/three:3.mp3", title: "Three, really"),
        .init(file: "/srv/vier ü.mp3"), .init(file: "/srv/five.mp3"), .init(file: "/media/lists/10:30 news.mp3"),
      ])
  }

  @Test func saysWhichLinesAreNoFiles() {
    let text =
      "one.mp3\nhttp://radio.example/live\nrtsp://cam/1\nfile://nas/share/a.mp3\nfile:///a%zz.mp3\nfile:///a%00\n"
    let playlist = Playlist(Array(text.utf8), in: "/media")
    #expect(playlist.entries.map(\.file) == ["/media/one.mp3"])
    #expect(playlist.refusals.map(\.line) == [2, 3, 4, 5, 6])
    #expect(
      playlist.refusals[0].reason
        == "\"http://radio.example/live\" is not a file: a playlist names files; give a stream a station of its own")
    #expect(playlist.refusals[2].reason == "\"file://nas/share/a.mp3\" is on another machine")
    #expect(playlist.refusals[3].reason.hasSuffix("is not a file's URL such as file:///srv/media/one.mp3"))
  }

  @Test func repeatsNoPasswordOfALine() {
    let text = "rtsp://user:secret@cam/1\nsrt://cam:9000?passphrase=secretsecret\nfile://user:secret@nas/a.mp3\n"
    let reasons = Playlist(Array(text.utf8), in: "/media").refusals.map(\.reason)
    #expect(reasons.map { $0.prefix { $0 != " " } } == ["\"rtsp://...\"", "\"srt://...\"", "\"file://...\""])
    #expect(reasons.allSatisfy { !$0.contains("secret") })
  }

  @Test func knowsAStreamsPlaylistWhenItSeesOne() {
    let text = "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nseg1.ts\n"
    let playlist = Playlist(Array(text.utf8), in: "/media")
    #expect(playlist.entries == [])
    #expect(playlist.refusals.map(\.line) == [3])
  }

  @Test func takesWhatIsNotUTF8ForLatin1() {
    #expect(Playlist(Array("caf".utf8) + [0xE9], in: "/").entries == [.init(file: "/café")])
    #expect(Playlist([], in: "/") == Playlist(Array("\n \n#\n".utf8), in: "/"))
  }
}
