/* Says so on the page where the browser cannot run the map. Written for the oldest: ES3 syntax, no
   event listener, nothing of the other scripts. */
(function () {
  var zh = "\u6b64\u6d4f\u89c8\u5668\u65e0\u6cd5\u663e\u793a\u5730\u56fe\u3002\u8bf7\u4f7f\u7528 Chrome " +
    "\u6216 Edge 80\u3001Firefox 113\u3001Safari 16.4 \u53ca\u4ee5\u4e0a\u7248\u672c\uff1b" +
    "360\u3001QQ \u7b49\u6d4f\u89c8\u5668\u8bf7\u5207\u6362\u5230\u6781\u901f\u6a21\u5f0f\u3002";
  var en = "This browser cannot show the map. Please use Chrome or Edge 80, Firefox 113, Safari 16.4 " +
    "or later.";
  var before = window.onload;
  window.onload = function () {
    if (before) { before.apply(this, arguments); }
    if (window.gcm && window.gcm.maps && window.gcm.maps.length) { return; }
    var lines = [zh, en], box = document.createElement("div");
    box.id = "gcm-old";
    box.setAttribute("role", "alert");
    for (var i = 0; i < lines.length; i += 1) {
      var line = document.createElement("p");
      line.appendChild(document.createTextNode(lines[i]));
      box.appendChild(line);
    }
    document.body.insertBefore(box, document.body.firstChild);
  };
})();
