//! The few shapes that the charts are made of.

use std::fmt::Display;

/// Width of every chart in pixels.
pub(super) const WIDTH: f64 = 820.0;

/// Two colours that differ for every kind of colour vision, on a white and on a black page.
const STYLE: &str = r#"<style>
text{font:13px system-ui,-apple-system,"Segoe UI",sans-serif;fill:#24292f}
.title{font-size:16px;font-weight:600}.small{font-size:12px;fill:#57606a}.end{text-anchor:end}.mid{text-anchor:middle}
.grid{stroke:#d0d7de}.limit{stroke-width:1.5;stroke-dasharray:5 4}
.warm{stroke:#0072b2;fill:#0072b2}.cold{stroke:#d55e00;fill:#d55e00}.hollow{fill:none;stroke-width:1.6}
.range{stroke-width:4;stroke-opacity:.3}text.warm,text.cold{stroke:none}
@media(prefers-color-scheme:dark){text{fill:#e6edf3}.small{fill:#9da7b1}.grid{stroke:#3d444d}
.warm{stroke:#56b4e9;fill:#56b4e9}.cold{stroke:#e69f00;fill:#e69f00}.hollow{fill:none}}
</style>"#;

/// A chart under construction.
#[derive(Default)]
pub(super) struct Chart {
    shapes: Vec<String>,
}

/// A horizontal scale: the figures from `low` to `high` between the pixels `left` and `right`.
pub(super) struct Scale {
    pub(super) left: f64,
    pub(super) right: f64,
    pub(super) low: f64,
    pub(super) high: f64,
}

impl Scale {
    /// Returns the pixel of a figure.
    pub(super) fn at(&self, figure: f64) -> f64 {
        self.left + (self.right - self.left) * (figure - self.low) / (self.high - self.low)
    }
}

impl Chart {
    pub(super) fn text(&mut self, x: f64, y: f64, text: impl Display, class: &str) {
        self.shapes.push(format!(r#"<text x="{x:.1}" y="{y:.1}" class="{class}">{text}</text>"#));
    }

    pub(super) fn line(&mut self, [x1, y1]: [f64; 2], [x2, y2]: [f64; 2], class: &str) {
        self.shapes.push(format!(
            r#"<line x1="{x1:.1}" y1="{y1:.1}" x2="{x2:.1}" y2="{y2:.1}" class="{class}"/>"#
        ));
    }

    pub(super) fn circle(&mut self, x: f64, y: f64, radius: u32, class: &str) {
        self.shapes
            .push(format!(r#"<circle cx="{x:.1}" cy="{y:.1}" r="{radius}" class="{class}"/>"#));
    }

    pub(super) fn bar(&mut self, x: f64, y: f64, width: f64) {
        self.shapes.push(format!(
            r#"<rect x="{x:.1}" y="{y}" width="{width:.1}" height="16" class="warm" fill-opacity=".55"/>"#
        ));
    }

    /// Draws the lines of a scale from `top` to `bottom`, with their figures below.
    pub(super) fn grid(
        &mut self,
        scale: &Scale,
        ticks: impl IntoIterator<Item = f64>,
        [top, bottom]: [f64; 2],
        shown: impl Fn(f64) -> String,
    ) {
        for tick in ticks {
            let x = scale.at(tick);
            self.line([x, top], [x, bottom], "grid");
            self.text(x, bottom + 17.0, shown(tick), "small mid");
        }
    }

    /// Returns the SVG document.
    pub(super) fn finish(self, height: f64, label: &str) -> String {
        let head = format!(
            r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{label}">"#
        );
        let shapes = self.shapes.join("\n");
        format!("{head}\n{STYLE}\n{shapes}\n</svg>\n")
    }
}
