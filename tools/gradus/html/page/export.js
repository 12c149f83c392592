// The graph at this step as an SVG file for slides, with the colours that the page has now.
"use strict";

// The rules of the style sheet that are about the picture, with every variable replaced by its value.
function pictureStyle() {
  const root = getComputedStyle(document.documentElement),
    about = /(^|[\s,])(svg\.net|\.node|\.module|\.edge|\.strip|\.thumb|#tip)/;
  const filled = text => text.replace(/var\((--[\w-]+)\)/g, (_, name) => root.getPropertyValue(name).trim());
  const rules = [...document.styleSheets[0].cssRules].filter(
    r => r.selectorText && about.test(r.selectorText) && !r.selectorText.includes(":"),
  );
  return filled(rules.map(r => r.cssText).join("\n"));
}

function graphFile(picture, title) {
  const copy = picture.cloneNode(true),
    [, , width, height] = picture.getAttribute("viewBox").split(" ");
  copy.setAttribute("width", width);
  copy.setAttribute("height", height);
  for (const e of copy.querySelectorAll("[tabindex]")) e.removeAttribute("tabindex"), e.removeAttribute("role");
  const paper = svg("rect", {
    width: "100%",
    height: "100%",
    style: "fill:" + getComputedStyle(document.body).backgroundColor,
  });
  copy.prepend(
    Object.assign(svg("title", {}), {textContent: title}),
    Object.assign(svg("style", {}), {textContent: pictureStyle()}),
    paper,
  );
  return new XMLSerializer().serializeToString(copy);
}

function saveText(name, kind, text) {
  const address = URL.createObjectURL(new Blob([text], {type: kind})),
    link = h("a", {href: address, download: name});
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 1000);
}
