import CXCB

/// A connection to the X server. Each call waits for the server; what cannot be had is nil or empty.
@safe package struct XDisplay: ~Copyable {
  /// The server's number for a window.
  package typealias Window = UInt32

  /// Properties and types that are asked for, by the names that ICCCM and EWMH give them.
  package struct Atoms {
    package let utf8String, wmName, string: UInt32
    package let netName, netPID, netState, netFullScreen, netFrame, netClients: UInt32
  }

  /// Where a window is, in pixels.
  package struct Place {
    /// The upper left corner within its border, as seen from the root window.
    package let left, top: Int
    /// Without the border.
    package let width, height: Int
    /// Whether it and all that it is in are mapped.
    package let isViewable: Bool
  }

  package let atoms: Atoms
  private let connection: OpaquePointer

  /// Nil where there is no X server, or no library to talk to it.
  package init?() {
    guard let connection = unsafe CXCB_open() else { return nil }
    unsafe self.connection = unsafe connection
    let atom: (String) -> UInt32 = { unsafe CXCB_atom(connection, $0) }
    atoms = Atoms(
      utf8String: atom("UTF8_STRING"), wmName: atom("WM_NAME"), string: atom("STRING"), netName: atom("_NET_WM_NAME"),
      netPID: atom("_NET_WM_PID"), netState: atom("_NET_WM_STATE"), netFullScreen: atom("_NET_WM_STATE_FULLSCREEN"),
      netFrame: atom("_NET_FRAME_EXTENTS"), netClients: atom("_NET_CLIENT_LIST"))
  }

  deinit { unsafe CXCB_close(connection) }

  /// Whether the connection has ended.
  package var isOver: Bool { unsafe CXCB_is_over(connection) }

  /// The root window of the screen that DISPLAY names.
  package var root: Window { unsafe CXCB_root(connection) }

  /// The windows right within a window, 1000 at the most.
  package func children(of window: Window) -> [Window] {
    unsafe [Window](unsafeUninitializedCapacity: 1000) { room, count in
      count = unsafe CXCB_children(connection, window, room.baseAddress, room.count)
    }
  }

  /// The window right within the root window that a window is in, itself maybe: the frame of the window manager's.
  package func outermost(of window: Window) -> Window {
    var (window, parent) = (window, unsafe CXCB_parent(connection, window))
    while parent != 0, parent != root { (window, parent) = (parent, unsafe CXCB_parent(connection, parent)) }
    return window
  }

  /// A property of 32-bit numbers, 1000 at the most.
  package func numbers(_ property: UInt32, of window: Window) -> [UInt32] {
    unsafe [UInt32](unsafeUninitializedCapacity: 1000) { room, count in
      count = unsafe CXCB_numbers(connection, window, property, room.baseAddress, room.count)
    }
  }

  /// Where a window is on the screen; nil when it is gone.
  package func place(of window: Window) -> Place? {
    var place = CXCB_Place()
    guard unsafe CXCB_place(connection, window, &place) else { return nil }
    return Place(
      left: Int(place.x), top: Int(place.y), width: Int(place.width), height: Int(place.height),
      isViewable: place.isViewable)
  }

  /// A window's outer corner, as seen from the window that it is right within.
  package func corner(of window: Window) -> (x: Int32, y: Int32)? {
    var corner: (x: Int32, y: Int32) = (0, 0)
    return unsafe CXCB_corner(connection, window, &corner.x, &corner.y) ? corner : nil
  }

  /// Sets a property to a text of a type.
  package func set(_ property: UInt32, of window: Window, to text: String, type: UInt32) {
    unsafe text.utf8CString.withUnsafeBufferPointer { bytes in
      unsafe CXCB_set_text(connection, window, property, type, bytes.baseAddress, bytes.count - 1)
    }
  }
}
