"use strict";
// Before the first paint: in Airflow's frame, the colours are those of the page around it.
(() => {
    const own = document.documentElement;
    const preferred = window.matchMedia("(prefers-color-scheme: dark)");
    let around = null;
    try {
        around = window.parent !== window ? window.parent.document.documentElement : null;
    } catch (error) {
        around = null; // a frame of another site
    }
    const apply = () => {
        const dark = around ? around.classList.contains("dark") : preferred.matches;
        own.classList.toggle("dark", dark);
        own.classList.toggle("framed", around !== null);
        window.dispatchEvent(new Event("themechange"));
    };
    apply();
    preferred.addEventListener("change", apply);
    if (around) {
        new MutationObserver(apply).observe(around, { attributes: true, attributeFilter: ["class"] });
    }
})();
