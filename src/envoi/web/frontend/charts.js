// Draws every <figure data-chart> from the JSON beside it; the table in the same figure says the same in words.
//
// The JSON is envoi.web.charts.Chart: {kind, labels, series: [{name, values, tone}], unit, rows}. Colours come from
// envoi.css, so charts follow light and dark. Tooltips are drawn on the canvas: the security policy allows no inline style.
import * as echarts from "echarts/core";
import { BarChart, FunnelChart, HeatmapChart, LineChart } from "echarts/charts";
import { GridComponent, LegendComponent, TooltipComponent, VisualMapComponent } from "echarts/components";
import { CanvasRenderer } from "echarts/renderers";

echarts.use([
  LineChart, BarChart, FunnelChart, HeatmapChart,
  GridComponent, LegendComponent, TooltipComponent, VisualMapComponent, CanvasRenderer,
]);

const language = document.documentElement.lang || "en";
const number = new Intl.NumberFormat(language);
const short = new Intl.NumberFormat(language, { notation: "compact", maximumFractionDigits: 1 });

function palette() {
  const style = getComputedStyle(document.documentElement);
  const read = (name) => style.getPropertyValue(`--${name}`).trim();
  return {
    ink: read("ink"), soft: read("ink-2"), line: read("line"), surface: read("surface"), raised: read("raised"),
    font: read("font"),
    tones: [1, 2, 3, 4, 5].map((step) => read(`series-${step}`)),
    tone: (name, index) => (name ? read(`series-${name}`) || read(name) : "") || read(`series-${(index % 5) + 1}`),
  };
}

const formats = (unit) => (value) => (value == null ? "–" : unit === "%" ? `${number.format(value)} %` : number.format(value));

function frame(look, spec) {
  const format = formats(spec.unit);
  return {
    animationDuration: 250,
    animation: !matchMedia("(prefers-reduced-motion: reduce)").matches,
    textStyle: { fontFamily: look.font, fontSize: 12, color: look.soft },
    grid: { left: 4, right: 8, top: spec.series.length > 1 ? 32 : 12, bottom: 4, containLabel: true },
    legend: spec.series.length > 1
      ? { top: 0, left: 0, icon: "roundRect", itemWidth: 8, itemHeight: 8, itemGap: 16, textStyle: { color: look.soft, fontSize: 12 } }
      : undefined,
    tooltip: {
      renderMode: "richText", confine: true, backgroundColor: look.raised, borderColor: look.line, borderWidth: 1, padding: [8, 10],
      textStyle: { color: look.ink, fontSize: 12, fontFamily: look.font },
      valueFormatter: format,
    },
  };
}

function axes(look, spec) {
  return {
    xAxis: {
      type: "category", data: spec.labels, boundaryGap: spec.kind === "bar",
      axisLine: { lineStyle: { color: look.line } }, axisTick: { show: false },
      axisLabel: { color: look.soft, hideOverlap: true, margin: 10 },
    },
    yAxis: {
      type: "value", minInterval: spec.unit === "%" ? 0 : 1, splitNumber: 4,
      max: spec.unit === "%" ? 100 : undefined,
      axisLabel: { color: look.soft, formatter: (value) => short.format(value) },
      splitLine: { lineStyle: { color: look.line } },
    },
  };
}

const KINDS = {
  line: (look, spec) => ({
    ...frame(look, spec), ...axes(look, spec),
    tooltip: { ...frame(look, spec).tooltip, trigger: "axis", axisPointer: { lineStyle: { color: look.soft, type: "dashed" } } },
    series: spec.series.map((row, index) => {
      const color = look.tone(row.tone, index);
      return {
        type: "line", name: row.name, data: row.values, color, symbol: "circle", symbolSize: 5,
        showSymbol: row.values.length < 3, lineStyle: { width: 2 }, emphasis: { disabled: true },
        areaStyle: index === 0 && spec.series.length === 1 ? { color, opacity: 0.08 } : undefined,
      };
    }),
  }),
  bar: (look, spec) => ({
    ...frame(look, spec), ...axes(look, spec),
    tooltip: { ...frame(look, spec).tooltip, trigger: "axis", axisPointer: { type: "shadow", shadowStyle: { color: look.line, opacity: 0.4 } } },
    series: spec.series.map((row, index) => ({
      type: "bar", name: row.name, data: row.values, color: look.tone(row.tone, index), barMaxWidth: 22,
      stack: spec.stacked ? "all" : undefined, emphasis: { disabled: true },
      itemStyle: { borderRadius: spec.stacked ? 0 : [3, 3, 0, 0] },
    })),
  }),
  funnel: (look, spec) => ({
    ...frame(look, spec),
    legend: undefined,
    series: [{
      type: "funnel", sort: "none", gap: 2, left: 0, right: 0, top: 4, bottom: 4, minSize: "2%",
      label: { show: true, position: "inside", formatter: ({ name, value }) => `${name}  ${number.format(value)}` },
      itemStyle: { borderWidth: 0 },
      data: spec.labels.map((name, index) => ({ name, value: spec.series[0].values[index], itemStyle: { color: look.tone("", index) } })),
    }],
  }),
  heatmap: (look, spec) => ({
    ...frame(look, spec),
    legend: undefined,
    grid: { left: 4, right: 8, top: 8, bottom: 4, containLabel: true },
    xAxis: { type: "category", data: spec.labels, axisLine: { show: false }, axisTick: { show: false }, axisLabel: { color: look.soft } },
    yAxis: {
      type: "category", inverse: true, data: spec.series.map((row) => row.name),
      axisLine: { show: false }, axisTick: { show: false }, axisLabel: { color: look.soft },
    },
    visualMap: {
      show: false, min: 0, max: Math.max(1, ...spec.series.flatMap((row) => row.values.map((value) => value ?? 0))),
      inRange: { color: [look.surface, look.tones[0]] },
    },
    series: [{
      type: "heatmap", itemStyle: { borderColor: look.surface, borderWidth: 2, borderRadius: 3 },
      data: spec.series.flatMap((row, y) => row.values.map((value, x) => [x, y, value])),
    }],
  }),
};

// On a narrow screen the names of the series stand one below the other, and the chart begins below the last.
function fitted(option, spec) {
  if (!option.legend) return option;
  const line = 18;
  const wide = { legend: { orient: "horizontal", itemGap: 16 }, grid: { top: 32 } };
  const narrow = { legend: { orient: "vertical", itemGap: 4 }, grid: { top: 14 + line * spec.series.length } };
  return { baseOption: option, media: [{ query: { maxWidth: 480 }, option: narrow }, { query: { minWidth: 481 }, option: wide }] };
}

function read(figure) {
  return JSON.parse(figure.querySelector('script[type="application/json"]').textContent);
}

function draw(figure) {
  const canvas = figure.querySelector("[data-canvas]");
  const spec = read(figure);
  const chart = echarts.getInstanceByDom(canvas) ?? echarts.init(canvas);
  chart.setOption(fitted(KINDS[spec.kind](palette(), spec), spec), true);
  if (!figure.dataset.drawn) {
    figure.dataset.drawn = "yes";
    new ResizeObserver(() => chart.resize()).observe(canvas);
    figure.querySelector("[data-save=csv]")?.addEventListener("click", () => save(figure, csv(read(figure)), "csv"));
    figure.querySelector("[data-save=png]")?.addEventListener("click", () => {
      const picture = chart.renderToCanvas({ pixelRatio: 2, backgroundColor: palette().surface });
      picture.toBlob((blob) => save(figure, blob, "png"));
    });
  }
}

function csv(spec) {
  // A leading = + - @ would be run as a formula by a spreadsheet; an apostrophe keeps it text.
  const cell = (value) => {
    const text = String(value ?? "");
    const safe = typeof value === "string" && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
    return /[",\n;]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
  };
  const lines = [["", ...spec.series.map((row) => row.name)]];
  spec.labels.forEach((label, index) => lines.push([label, ...spec.series.map((row) => row.values[index])]));
  return new Blob(["\ufeff", lines.map((line) => line.map(cell).join(",")).join("\r\n")], { type: "text/csv;charset=utf-8" });
}

function save(figure, blob, ending) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = `${figure.dataset.chart || "chart"}.${ending}`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

const all = () => document.querySelectorAll("figure[data-chart]").forEach(draw);
all();
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", all);
document.addEventListener("htmx:afterSwap", all);
document.addEventListener("envoi:swapped", all);
