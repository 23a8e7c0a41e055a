"use strict";
(() => {
    // Times: in the reader's zone, in UTC while the pointer rests on them.
    const zone = new Intl.DateTimeFormat(undefined, {
        year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", timeZoneName: "short",
    });
    for (const element of document.querySelectorAll("time[datetime]")) {
        const time = new Date(element.dateTime);
        if (!Number.isNaN(time.valueOf())) {
            element.title = element.textContent;
            element.textContent = zone.format(time);
        }
    }

    // In Airflow's frame a link out of these pages is Airflow's own to follow.
    document.addEventListener("click", (event) => {
        const link = event.target.closest("a[data-airflow]");
        if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
        if (window.parent === window) return;
        try {
            window.parent.history.pushState({}, "", link.getAttribute("href"));
            window.parent.dispatchEvent(new PopStateEvent("popstate", { state: {} }));
            event.preventDefault();
        } catch (error) {
            // Not Airflow's frame: the link works as any other.
        }
    });

    // A choice shows at once; the address has no parameter without a value.
    for (const form of document.querySelectorAll("form[data-filters]")) {
        form.addEventListener("submit", () => {
            for (const field of form.elements) {
                if (field.name && !field.value) field.disabled = true;
            }
            document.querySelector("main").setAttribute("aria-busy", "true");
        });
        for (const select of form.querySelectorAll("select")) {
            select.addEventListener("change", () => form.requestSubmit());
        }
    }
    window.addEventListener("pageshow", () => {
        document.querySelector("main").removeAttribute("aria-busy");
        for (const field of document.querySelectorAll("form[data-filters] :disabled")) field.disabled = false;
    });

    // `/` goes to the search of the page.
    document.addEventListener("keydown", (event) => {
        const search = document.querySelector("input[type=search]");
        if (event.key === "/" && search && !event.target.closest("input, select, textarea")) {
            event.preventDefault();
            search.focus();
        }
    });

    // Copy a text, such as a query.
    for (const button of document.querySelectorAll("button[data-copy]")) {
        button.addEventListener("click", async () => {
            const text = document.getElementById(button.dataset.copy).textContent;
            try {
                await navigator.clipboard.writeText(text);
                button.textContent = "Copied";
            } catch (error) {
                button.textContent = "Select the text and copy it";
            }
        });
    }

    // Paper shows what is closed: styles do so in newer browsers, this in all.
    const closed = [];
    window.addEventListener("beforeprint", () => {
        closed.push(...document.querySelectorAll("details:not([open])"));
        for (const details of closed) details.open = true;
    });
    window.addEventListener("afterprint", () => {
        for (const details of closed.splice(0)) details.open = false;
    });

    // A page of a run that goes on is read again while somebody looks.
    const fresh = document.querySelector("[data-refresh]");
    if (fresh) {
        const wait = Math.max(5, Number(fresh.dataset.refresh) || 15) * 1000;
        window.setInterval(async () => {
            if (document.hidden || document.querySelector("details[open], :focus-within input")) return;
            const answer = await fetch(window.location.href, { credentials: "same-origin" });
            if (!answer.ok) return;
            const page = new DOMParser().parseFromString(await answer.text(), "text/html");
            const part = page.querySelector("[data-refresh]");
            if (!part) return window.location.reload();
            fresh.replaceChildren(...part.childNodes);
        }, wait);
    }
})();
