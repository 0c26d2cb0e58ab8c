// Where numbers stand beside their fixations, so that none covers another: of places around each the freest.
function placeNumbers(dots, size, width, height) {
  const turns = [0, 1, -1, 2, -2, 3, -3, 4, -4, 5, -5, 6], placed = [];
  for (const dot of dots) {
    const w = size * (0.3 * dot.text.length + 0.12), h = size * 0.48;
    let best = null;
    for (const gap of [0.1, 0.5, 1, 1.7, 2.6]) {
      for (const [order, turn] of turns.entries()) {
        const angle = (turn * Math.PI) / 6 - Math.PI / 2, reach = dot.r + gap * size;
        const x = dot.x + Math.cos(angle) * (reach + w), y = dot.y + Math.sin(angle) * (reach + h);
        let cost = gap + 0.02 * order;
        for (const other of placed) if (Math.abs(other.x - x) < other.w + w && Math.abs(other.y - y) < other.h + h) cost += 20;
        for (const other of dots) if (Math.hypot(Math.max(Math.abs(other.x - x) - w, 0), Math.max(Math.abs(other.y - y) - h, 0)) < other.r) cost += 4;
        if (x - w < 0 || y - h < 0 || x + w > width || y + h > height) cost += 30;
        if (!best || cost < best.cost) best = { x, y, w, h, cost, far: gap > 0.6 };
      }
    }
    placed.push(best);
  }
  return placed;
}
