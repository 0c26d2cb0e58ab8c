// Tables as CSV with all digits, figures as SVG that stands alone, in the colors of paper.
(function () {
  const tables = JSON.parse(document.getElementById("data").textContent).tables;
  const KEPT = ["fill", "fill-opacity", "stroke", "stroke-width", "stroke-dasharray", "stroke-opacity", "opacity", "font-size", "font-family", "font-weight", "text-anchor", "dominant-baseline", "paint-order", "vector-effect"];
  const SVG = "http://www.w3.org/2000/svg";

  function save(text, name, type) {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text], { type }));
    link.download = name;
    link.click();
    window.setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  }

  function alone(svg) {
    const copy = svg.cloneNode(true);
    document.documentElement.dataset.paper = "";
    const from = [svg, ...svg.querySelectorAll("*")], to = [copy, ...copy.querySelectorAll("*")];
    from.forEach((one, index) => {
      const style = window.getComputedStyle(one);
      for (const name of KEPT) to[index].setAttribute(name, style.getPropertyValue(name));
      for (const name of ["class", "style", "aria-hidden"]) to[index].removeAttribute(name);
    });
    delete document.documentElement.dataset.paper;
    const [, , width, height] = svg.getAttribute("viewBox").split(" ");
    copy.setAttribute("xmlns", SVG);
    copy.setAttribute("width", width);
    copy.setAttribute("height", height);
    return copy;
  }

  const plain = (text) => text.replace(/[^\p{L}\p{N}]+/gu, "-").replace(/^-|-$/g, "").slice(0, 60) || "figure";

  document.querySelectorAll(".save").forEach((button) => {
    button.addEventListener("click", () => save(tables[button.dataset.table], `${button.dataset.table}.csv`, "text/csv"));
  });
  document.querySelectorAll(".plot").forEach((figure) => {
    const title = figure.querySelector("figcaption").textContent, button = document.createElement("button");
    button.type = "button";
    button.className = "small";
    button.textContent = "SVG";
    button.setAttribute("aria-label", `Save the figure ${title} as SVG`);
    button.addEventListener("click", () => save(alone(figure.querySelector("svg")).outerHTML, `${plain(title)}.svg`, "image/svg+xml"));
    figure.append(button);
  });
  document.getElementById("save-picture").addEventListener("click", () => {
    const canvas = document.getElementById("picture"), copy = alone(document.getElementById("overlay"));
    const image = document.createElementNS(SVG, "image"), [x, y, width, height] = copy.getAttribute("viewBox").split(" ");
    for (const [name, value] of Object.entries({ x, y, width, height, href: canvas.toDataURL("image/png") })) image.setAttribute(name, value);
    copy.prepend(image);
    save(new XMLSerializer().serializeToString(copy), `${plain(canvas.getAttribute("aria-label"))}.svg`, "image/svg+xml");
  });
})();
