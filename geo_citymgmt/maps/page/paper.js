/* On paper and as a picture: the map with its heading, legend, scale and source. */
(function () {
"use strict";
var gcm = window.gcm;

gcm.words({
  zh: { scale: "比例尺约 1:{n}（墨卡托投影，图幅中心）", printed: "制图 {date}", working: "正在生成图片…",
        failed: "此浏览器未能生成图片，请改用打印或截图。", paper: "纸张", north: "北" },
  en: { scale: "Scale about 1:{n} (Mercator, at the centre)", printed: "Made {date}",
        working: "Making the picture…", failed: "This browser could not make the picture; print instead.",
        paper: "Paper", north: "N" }
});
/* Millimetres of map on a page: width, height; what the heading and the foot need is taken off. */
var PAPERS = [["A4", "landscape", 277, 190], ["A4", "portrait", 190, 277],
              ["A3", "landscape", 400, 277], ["A3", "portrait", 277, 400]];
var PX = 96 / 25.4;
var chosen = PAPERS[0], before = null, style = null;

gcm.print = function (map) {
  var old = document.querySelector(".gcm-paper");
  if (old) { old.remove(); return; }
  var box = gcm.inTopRow(map, gcm.node("div", "gcm-paper"));
  box.setAttribute("role", "dialog");
  box.setAttribute("aria-label", gcm.word(map, "print"));
  var select = box.appendChild(gcm.node("select"));
  select.setAttribute("aria-label", gcm.word(map, "paper"));
  var zh = map._gcm.lang === "zh";
  PAPERS.forEach(function (paper, i) {
    var turn = zh ? (paper[1] === "landscape" ? "横向" : "纵向") : paper[1];
    select.appendChild(gcm.node("option", null, paper[0] + " " + turn)).value = i;
  });
  select.value = PAPERS.indexOf(chosen);
  select.onchange = function () { setPaper(PAPERS[Number(select.value)]); };
  var go = box.appendChild(gcm.node("button", null, gcm.word(map, "print")));
  go.type = "button";
  go.onclick = function () { box.remove(); window.print(); };
  box.onkeydown = function (event) {
    if (event.key === "Escape") { event.preventDefault(); box.remove(); map.getContainer().focus(); }
  };
  L.DomEvent.disableClickPropagation(box);
  select.focus();
};

function setPaper(paper) {
  chosen = paper;
  if (!style) { style = document.head.appendChild(document.createElement("style")); }
  style.textContent = "@page { size: " + paper[0] + " " + paper[1] + "; margin: 10mm; }";
}

/* The map is laid out anew for the page, at the same place, and put back afterwards. */
window.addEventListener("beforeprint", function () {
  var map = gcm.maps[0];
  if (!map || before) { return; }
  if (!style) { setPaper(chosen); }
  var container = map.getContainer(), heading = document.querySelector(".gcm-heading");
  before = { style: container.getAttribute("style"), centre: map.getCenter(), zoom: map.getZoom(),
             bounds: map.getBounds(), legend: null };
  document.documentElement.classList.add("gcm-printing");
  var legend = container.querySelector(".gcm-legend");
  if (legend) { before.legend = legend.open; legend.open = true; }
  var width = chosen[2] * PX;
  document.body.style.width = width + "px";
  var taken = (heading ? heading.offsetHeight : 0) + 34;
  L.extend(container.style, { width: width - 2 + "px", height: chosen[3] * PX - taken - 6 + "px", flex: "none" });
  // The view keeps what was seen; the first view is laid out anew, as large as the page allows.
  var whole = gcm.fitted(map);
  before.snap = map.options.zoomSnap;
  map.options.zoomSnap = 0.05;
  map.invalidateSize({ animate: false });
  if (!whole) { map.fitBounds(before.bounds, { animate: false }); }
  var foot = before.foot = gcm.node("footer", "gcm-foot");
  var metres = gcm.distanceOf(map.containerPointToLatLng([0, map.getSize().y / 2]),
                              map.containerPointToLatLng([100, map.getSize().y / 2])) / 100;
  var ratio = metres * PX * 1000, step = Math.pow(10, Math.max(0, Math.floor(Math.log(ratio) / Math.LN10) - 1));
  foot.appendChild(gcm.node("span", null,
    gcm.fill(gcm.word(map, "scale"), { n: (Math.round(ratio / step) * step).toLocaleString("en") })));
  var source = map.attributionControl && map.attributionControl.getContainer().textContent;
  if (source && source !== "Leaflet") { foot.appendChild(gcm.node("span", null, source)); }
  var today = new Date();
  foot.appendChild(gcm.node("span", null, gcm.fill(gcm.word(map, "printed"), { date:
    today.getFullYear() + "-" + String(today.getMonth() + 1).padStart(2, "0") + "-" +
    String(today.getDate()).padStart(2, "0") })));
  container.parentNode.appendChild(foot);
  before.north = container.appendChild(gcm.node("div", "gcm-north", "▲\n" + gcm.word(map, "north")));
});

window.addEventListener("afterprint", function () {
  var map = gcm.maps[0];
  if (!map || !before) { return; }
  var container = map.getContainer(), legend = container.querySelector(".gcm-legend");
  document.documentElement.classList.remove("gcm-printing");
  document.body.style.width = "";
  if (before.style === null) { container.removeAttribute("style"); } else { container.setAttribute("style", before.style); }
  if (legend && before.legend !== null) { legend.open = before.legend; }
  map.options.zoomSnap = before.snap;
  before.foot.remove();
  before.north.remove();
  map.invalidateSize({ animate: false });
  map.setView(before.centre, before.zoom, { animate: false });
  before = null;
});

/* A picture ------------------------------------------------------------------------------------ */

gcm.savePicture = function (map, button) {
  button.disabled = true;
  gcm.say(map, gcm.word(map, "working"));
  return gcm.picture(map).then(function (blob) {
    var link = gcm.node("a");
    link.href = URL.createObjectURL(blob);
    link.download = (document.title || "map").replace(/[\\/:*?"<>|\s]+/g, "_") + ".png";
    link.click();
    window.setTimeout(function () { URL.revokeObjectURL(link.href); }, 10000);
  }).catch(function () {
    gcm.notice(map, gcm.word(map, "failed"));
  }).then(function () { button.disabled = false; });
};

/* The page draws itself into an SVG and that into a canvas: nothing is asked from outside. */
gcm.picture = function (map) {
  var container = map.getContainer(), heading = document.querySelector(".gcm-heading");
  var size = map.getSize(), top = heading ? heading.offsetHeight : 0, scale = 2;
  map.closePopup();
  var sheet = gcm.node("div", "gcm-sheet");
  var body = window.getComputedStyle(document.body);
  sheet.style.cssText = "position:relative;overflow:hidden;background:#fff;width:" + size.x + "px;height:" +
    (size.y + top) + "px;color:" + body.color + ";font-family:" + body.fontFamily.replace(/"/g, "'");
  if (heading) {
    var head = sheet.appendChild(heading.cloneNode(true));
    head.style.boxSizing = "border-box";
    head.style.width = size.x + "px";
    head.style.height = top + "px";
    head.style.overflow = "hidden";
  }
  var copy = sheet.appendChild(container.cloneNode(true));
  copy.style.cssText += ";width:" + size.x + "px;height:" + size.y + "px";
  var drawn = container.querySelectorAll("canvas");
  Array.prototype.forEach.call(copy.querySelectorAll("canvas"), function (canvas, i) {
    var image = gcm.node("img", canvas.className);
    image.src = drawn[i].toDataURL();
    image.setAttribute("style", canvas.getAttribute("style") || "");
    canvas.parentNode.replaceChild(image, canvas);
  });
  Array.prototype.forEach.call(copy.querySelectorAll(
    ".leaflet-top, .gcm-paper, .gcm-unseen, .gcm-measured, script"), function (node) { node.remove(); });
  var hatch = document.getElementById("gcm-hatch");
  if (hatch) { sheet.appendChild(hatch.ownerSVGElement.cloneNode(true)); }
  var rules = gcm.node("style", null, Array.prototype.map.call(document.querySelectorAll("style"),
    function (node) { return node.textContent; }).join("\n").replace(/@font-face\s*\{[^}]*\}/g, ""));
  sheet.insertBefore(rules, sheet.firstChild);
  var markup = new XMLSerializer().serializeToString(sheet);
  var svg = '<svg xmlns="http://www.w3.org/2000/svg" width="' + size.x * scale + '" height="' +
    (size.y + top) * scale + '" viewBox="0 0 ' + size.x + " " + (size.y + top) +
    '"><foreignObject x="0" y="0" width="100%" height="100%">' + markup + "</foreignObject></svg>";
  return new Promise(function (resolve, reject) {
    var image = new Image();
    image.onerror = reject;
    image.onload = function () {
      // One more frame: pictures inside the SVG are decoded after it.
      window.setTimeout(function () {
        try {
          var canvas = gcm.node("canvas");
          canvas.width = size.x * scale;
          canvas.height = (size.y + top) * scale;
          canvas.getContext("2d").drawImage(image, 0, 0);
          canvas.toBlob(function (blob) { if (blob) { resolve(blob); } else { reject(); } }, "image/png");
        } catch (error) { reject(error); }
      }, 60);
    };
    image.src = "data:image/svg+xml;charset=utf-8," + encodeURIComponent(svg);
  });
};
})();
