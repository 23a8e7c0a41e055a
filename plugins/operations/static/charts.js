"use strict";
// Charts of the numbers that stand beside them as a table. Colours are told apart by colour-blind readers, too.
(() => {
    const LIGHT = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#8a6d00", "#56b4e9", "#5b5b5b"];
    const DARK = ["#56b4e9", "#ff9f5a", "#2fd3a5", "#e9a6cc", "#f0e442", "#8ab8ff", "#c0c0c0"];
    const HEIGHT = 220;
    const paper = window.matchMedia("print");
    const drawn = [];

    const short = (value) => new Intl.NumberFormat("en", { notation: "compact" }).format(value);

    function draw(figure) {
        const place = figure.querySelector(".plot");
        const { labels, series } = JSON.parse(figure.querySelector("script").textContent);
        const kind = figure.dataset.chart;
        const dark = document.documentElement.classList.contains("dark") && !paper.matches;
        const colours = dark ? DARK : LIGHT;
        const text = dark ? "#d7dde5" : "#333a44";
        const grid = dark ? "#38414d" : "#e3e7ec";
        const positions = labels.map((_, index) => index);
        const values = series.map((item) => item.values.map((value) => (value === null ? null : Number(value))));
        // Each band of a stack is drawn from zero, the highest first.
        const heights = kind === "stacked"
            ? values.map((_, at) => positions.map((index) => values.slice(0, at + 1).reduce((sum, row) => sum + (row[index] || 0), 0)))
            : values;
        const order = kind === "stacked" ? series.map((_, at) => series.length - 1 - at) : series.map((_, at) => at);
        const bars = uPlot.paths.bars({ size: [0.7, 60], align: 0 });
        const options = {
            width: Math.max(260, place.clientWidth),
            height: HEIGHT,
            cursor: { drag: { x: false, y: false } },
            legend: { live: true },
            scales: { x: { time: false, range: () => [-0.6, labels.length - 0.4] }, y: { range: (_, low, high) => [Math.min(0, low), high > 0 ? high * 1.08 : 1] } },
            axes: [
                { stroke: text, grid: { show: false }, space: 70, values: (_, splits) => splits.map((at) => labels[at] ?? "") , incrs: [1, 2, 5, 10, 20, 50, 100] },
                { stroke: text, grid: { stroke: grid, width: 1 }, size: 56, values: (_, splits) => splits.map(short) },
            ],
            series: [
                { label: "", value: (_, at) => labels[at] ?? "–" },
                ...order.map((at) => ({
                    label: series[at].name,
                    stroke: colours[at % colours.length],
                    fill: kind === "line" ? undefined : colours[at % colours.length] + (kind === "stacked" ? "" : "cc"),
                    width: kind === "line" ? 2 : 1,
                    dash: kind === "line" && at % 2 ? [6, 4] : undefined,
                    paths: kind === "line" ? undefined : bars,
                    points: { show: kind === "line" },
                    value: (_, __, ___, index) => (index === null ? "–" : (values[at][index] ?? 0).toLocaleString()),
                })),
            ],
        };
        place.replaceChildren();
        drawn.push([new uPlot(options, [positions, ...order.map((at) => heights[at])], place), place]);
    }

    function all() {
        drawn.length = 0;
        for (const figure of document.querySelectorAll("figure[data-chart]")) draw(figure);
    }

    window.addEventListener("themechange", all);
    paper.addEventListener("change", all);
    let waiting = 0;
    window.addEventListener("resize", () => {
        window.clearTimeout(waiting);
        waiting = window.setTimeout(() => {
            for (const [plot, place] of drawn) plot.setSize({ width: Math.max(260, place.clientWidth), height: HEIGHT });
        }, 100);
    });
    all();
})();
