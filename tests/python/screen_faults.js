// What a picture of a page would show as wrong, a line each (tests/python/browser.py).
() => {
  const said = [];
  const main = document.querySelector('[data-testid=stMain]');
  const all = (...selectors) => main.querySelectorAll(selectors.join(', '));
  const name = (e) => `${e.className || e.dataset.testid || e.tagName} "${(e.innerText || '').slice(0, 40)}"`;

  for (const e of all('[data-testid=stException]', '[data-testid=stAlert]')) said.push(`error: ${name(e)}`);

  // the page scrolls in a container of its own, so that the document itself is never too wide
  if (main.scrollWidth > main.clientWidth) said.push(`scrolls sideways: ${main.scrollWidth} of ${main.clientWidth}`);
  for (const e of all('.rtm-tile', '.rtm-head > *', '.vega-embed', '[data-testid=stDataFrame]', 'button', 'p')) {
    const box = e.getBoundingClientRect();
    if (box.width && (box.right > innerWidth + 1 || box.left < -1)) said.push(`beyond the edge: ${name(e)}`);
  }
  for (const e of all('.rtm-tile b', '.rtm-tile .name', '.rtm-tile i')) {
    if (e.scrollWidth > e.clientWidth + 1) said.push(`cut off: ${name(e)}`);
  }

  for (const chart of all('.vega-embed')) {
    const box = chart.getBoundingClientRect();
    const svg = chart.querySelector('svg.marks');
    const canvas = chart.querySelector('canvas');
    let drawn = svg ? svg.querySelectorAll('path, rect, line, text').length : 0;
    if (canvas) {
      const pixels = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
      drawn = new Set(new Uint32Array(pixels.buffer)).size; // colours
    }
    if (box.width < 100 || box.height < 40 || drawn < 5) {
      said.push(`a chart without marks: ${Math.round(box.width)} x ${Math.round(box.height)}, ${drawn}`);
    }
  }

  // contrast as WCAG 2 counts it, with every background and opacity on the way
  const pen = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  const color = (text) => {
    pen.clearRect(0, 0, 1, 1);
    pen.fillStyle = text;
    pen.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = pen.getImageData(0, 0, 1, 1).data;
    return [r, g, b, a / 255];
  };
  const over = (top, share, below) => [0, 1, 2].map((i) => top[i] * share + below[i] * (1 - share));
  const light = (rgb) => {
    const [r, g, b] = rgb.map((v) => (v / 255 <= 0.03928 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const page = color(getComputedStyle(document.querySelector('.stApp')).backgroundColor);
  const words = ['.rtm-tile b', '.rtm-tile i', '.rtm-tile .name', '.rtm-tile em', '.rtm-head .age > span'];
  for (const e of all(...words, '.rtm-head .days', '.rtm-note', '[data-testid=stCaptionContainer] p')) {
    const chain = [];
    for (let at = e; at; at = at.parentElement) chain.unshift(at);
    let ground = page;
    let shown = 1;
    for (const at of chain) {
      const style = getComputedStyle(at);
      const back = color(style.backgroundColor);
      ground = over(back, back[3], ground);
      shown *= Number(style.opacity);
    }
    const ink = color(getComputedStyle(e).color);
    const [dark, bright] = [light(over(ink, ink[3] * shown, ground)), light(ground)].sort((a, b) => a - b);
    const contrast = (bright + 0.05) / (dark + 0.05);
    if (contrast < 4.5) said.push(`pale, ${contrast.toFixed(1)} to 1: ${name(e)}`);
  }
  return said;
}
