import Reception
import Wire

extension ReceptionFigures {
  /// What the server is told once a second.
  var quality: Quality {
    Quality(path: path, repaired: repaired, late: late, reordered: reordered, duplicated: duplicates)
  }
}
