// From a chart's specification to an SVG document: the global function `plot`.
import './globals.mjs';
import { View, parse, textMetrics } from 'vega';
import { expressionInterpreter } from 'vega-interpreter';
import { compile } from 'vega-lite';

// Sizes of a chart that names none, in pixels.
const WIDTH = 640;
const HEIGHT = 400;

// There is no canvas to measure text with: `measure` is the host language's, and knows the font that is drawn with.
textMetrics.width = (item, line) => {
  const text = line == null ? '' : String(line).trim();
  const size = item.fontSize == null ? 11 : Number(item.fontSize) || 0;
  const bold = item.fontWeight === 'bold' || Number(item.fontWeight) >= 600;
  const width = measure(text, size, bold);
  // Longer text is cut at the limit.
  return item.limit > 0 ? Math.min(width, item.limit) : width;
};

// What went wrong while the chart was drawn, which Vega itself would overlook.
const complaints = [];

// Data that is not in the specification is missing from the chart, and is complained of; images and links are left out.
const loader = {
  load: (uri) => {
    complaints.push(`a chart may not load anything, and this one wants ${uri}`);
    return Promise.reject(new Error('nothing is loaded'));
  },
  sanitize: () => Promise.reject(new Error('nothing is loaded')),
};

const logger = {
  level: () => logger,
  error: (...words) => {
    complaints.push(words.map(String).join(' '));
    return logger;
  },
  warn: () => logger,
  info: () => logger,
  debug: () => logger,
};

function isVega(specification) {
  return /\/vega\/v\d/.test(String(specification.$schema));
}

// A Vega specification of either kind. A single chart gets a size that all of it fits in.
function toVega(specification) {
  if (isVega(specification)) return specification;
  // Descriptions for screen readers would be lost with the text, and take most of the time.
  const sized = { ...specification, config: { ...specification.config, aria: false } };
  if ('mark' in sized || 'layer' in sized) {
    if (sized.width === undefined || sized.width === 'container') sized.width = WIDTH;
    if (sized.height === undefined || sized.height === 'container') sized.height = HEIGHT;
    if (typeof sized.width === 'number' && typeof sized.height === 'number') {
      sized.autosize ??= { type: 'fit', contains: 'padding' };
    }
  }
  return compile(sized, { logger }).spec;
}

globalThis.plot = async (json) => {
  const specification = JSON.parse(json);
  if (specification === null || typeof specification !== 'object' || Array.isArray(specification)) {
    throw new Error('a chart is a JSON object');
  }
  // As data: expressions are interpreted, and no text of a specification ever becomes code.
  const dataflow = parse(toVega(specification), { aria: false }, { ast: true });
  const view = new View(dataflow, { renderer: 'none', loader, logger, expr: expressionInterpreter });
  const svg = await view.toSVG();
  view.finalize();
  if (complaints.length > 0) throw new Error(complaints[0]);
  return svg;
};
