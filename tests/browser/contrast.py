"""Finds text of a page that is hard to read: contrast below that of WCAG 2.1, level AA."""

# What lies behind a text is the first opaque background of what it stands in; in the graph the box of its step.
SCRIPT = """
  const parse = text => {
    const numbers = text.match(/[\\d.]+/g)?.map(Number) ?? [0, 0, 0, 0];
    return {rgb: numbers.slice(0, 3), alpha: numbers.length > 3 ? numbers[3] : 1};
  };
  const luminance = rgb => {
    const [r, g, b] = rgb.map(c => c / 255).map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ratio = (a, b) => {
    const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y);
    return (high + 0.05) / (low + 0.05);
  };
  const over = (top, below) => top.rgb.map((c, i) => c * top.alpha + below[i] * (1 - top.alpha));
  const behind = element => {
    const node = element.closest(".node");
    if (node) return parse(getComputedStyle(node.querySelector(".box")).fill).rgb;
    const layers = [];
    for (let at = element; at; at = at.parentElement) {
      const layer = parse(getComputedStyle(at).backgroundColor);
      if (layer.alpha > 0) layers.push(layer);
      if (layer.alpha === 1) break;
    }
    return layers.reverse().reduce((below, layer) => over(layer, below), [255, 255, 255]);
  };
  const faults = new Map();
  const note = (kind, element, colour, least) => {
    const back = behind(element), found = ratio(over(colour, back), back);
    if (found < least) {
      const name = `${element.tagName.toLowerCase()}.${element.getAttribute("class") ?? ""}`;
      faults.set(name, `${kind} ${name} has a contrast of ${found.toFixed(2)}: "${element.textContent.trim().slice(0, 30)}"`);
    }
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || element.closest("script, title, .away") || !element.getClientRects().length) continue;
    const style = getComputedStyle(element), size = parseFloat(style.fontSize);
    const isLarge = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    note("text", element, parse(element.closest("svg") ? style.fill : style.color), isLarge ? 3 : 4.5);
  }
  // Signs and the outlines of boxes carry meaning as well.
  for (const sign of document.querySelectorAll("use"))
    if (sign.getBoundingClientRect().width > 0) note("sign", sign, parse(getComputedStyle(sign).color), 3);
  const card = parse(getComputedStyle(document.querySelector(".card")).backgroundColor).rgb;
  for (const box of document.querySelectorAll(".node:not(.input) .box")) {
    const found = ratio(parse(getComputedStyle(box).stroke).rgb, card);
    if (found < 3) faults.set("outline " + box.parentNode.className.baseVal, `an outline has a contrast of ${found.toFixed(2)}`);
  }
  return [...faults.values()]"""


def faults(page):
    """One sentence for each kind of text, sign or outline that is too faint."""
    return page.script(SCRIPT)
