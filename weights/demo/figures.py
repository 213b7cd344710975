"""The figures of evaluate.py as Markdown."""

from localisation import GROWTH

EXPLANATION = f"""By method and layer. *Peaks on the object*: the map's maximum lies in the object's visible mask grown by
{GROWTH} px. *Energy*: the mean over objects of the map's share inside the object's box divided by the box's share of
the picture; *pooled*: the sum of the shares inside divided by the sum of the box shares. An empty map (no positive
value) counts as a miss and is left out of the energy. The mirrored and transposed maps are controls: what a faulty
program would show."""


def percent(value):
    return f"{100 * value['share']:.1f} % ({100 * value['low']:.1f} to {100 * value['high']:.1f})"


def energy(value):
    return f"{value['energy_ratio']:.2f} ({value['energy_ratio_low']:.2f} to {value['energy_ratio_high']:.2f})"


def row(*cells):
    return "| " + " | ".join(str(cell) for cell in cells) + " |"


def table(header, rows):
    return [row(*header), "|" + "---|" * len(header), *(row(*cells) for cells in rows), ""]


def markdown(figures):
    first = figures["maps"][0]
    pairs = figures["two_objects_in_top_3"]
    aims = [
        ("Top class is in the picture", percent(figures["top_class_present"]), "97 %"),
        (f"Both objects of the {pairs['of']} two-object scenes among the top 3", percent(pairs), "90 %"),
        ("The n objects of a scene are exactly the top n", percent(figures["all_objects_in_top_n"]), ""),
        (
            f"{first['method']} ({first['loss']}, {first['layer']}) peaks on the object",
            percent(first["points_at_object"]),
            "85 %",
        ),
        ("Its energy in the object's box, relative to a uniform map", energy(first), "2"),
    ]
    maps = [
        (
            *(m[key] for key in ("method", "loss", "layer")),
            percent(m["points_at_object"]),
            energy(m),
            *(m[key] for key in ("energy_ratio_pooled", "energy_ratio_median", "empty_maps")),
        )
        for m in figures["maps"]
    ]
    classes = [
        (label, percent(c["found"]), percent(c["pointed_at"]), c["found"]["of"])
        for label, c in figures["by_class"].items()
    ]
    lines = [
        f"{figures['scenes']} held-out scenes with {figures['objects']} objects; 95 % intervals in brackets.",
        "",
        *table(("What", "Figure", "Aim"), aims),
        EXPLANATION,
        "",
        *table(
            ("Method", "Loss", "Layer", "Peaks on the object", "Energy", "Pooled", "Median", "Empty"),
            maps,
        ),
        "By class. *Found*: among the first n of a scene with n objects. *Pointed at*: Grad-CAM, logit, last layer.",
        "",
        *table(("Class", "Found", "Pointed at", "Scenes"), classes),
    ]
    return "\n".join(lines)
