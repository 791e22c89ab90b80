"use strict";
(function () {
  var table = document.getElementById("images");
  if (!table) { return; }
  var body = table.tBodies[0], heads = table.tHead.rows[0].cells;
  function value(row, column) { return row.cells[column].textContent.trim(); }
  Array.prototype.forEach.call(heads, function (head, column) {
    head.addEventListener("click", function () {
      var down = head.getAttribute("aria-sort") === "ascending";
      Array.prototype.forEach.call(heads, function (other) { other.removeAttribute("aria-sort"); });
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      var rows = Array.prototype.slice.call(body.rows), numbers = head.classList.contains("n");
      rows.sort(function (a, b) {
        var x = value(a, column), y = value(b, column);
        if (x === "" || y === "") { return (x === "") - (y === ""); }  // undefined stays last
        var order = numbers ? x - y : x.localeCompare(y, undefined, { numeric: true });
        return down ? -order : order;
      });
      rows.forEach(function (row) { body.appendChild(row); });
    });
  });
  document.getElementById("filter").addEventListener("input", function (event) {
    var wanted = event.target.value.trim().toLowerCase();
    Array.prototype.forEach.call(body.rows, function (row) {
      row.hidden = wanted !== "" && row.textContent.toLowerCase().indexOf(wanted) < 0;
    });
  });
})();
