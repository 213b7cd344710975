use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;

use super::*;
use crate::network::{Op, Output, Padding, Plan, Window};

/// Graphs as Keras lists them, see `tests/data/graphs/README.md`.
const GRAPHS: [(&str, &str); 5] = [
    (
        "densenet121",
        include_str!("../../../tests/data/graphs/densenet121.tsv"),
    ),
    (
        "inceptionv3",
        include_str!("../../../tests/data/graphs/inceptionv3.tsv"),
    ),
    (
        "mobilenetv2",
        include_str!("../../../tests/data/graphs/mobilenetv2.tsv"),
    ),
    ("resnet50", include_str!("../../../tests/data/graphs/resnet50.tsv")),
    ("vgg16", include_str!("../../../tests/data/graphs/vgg16.tsv")),
];

/// A graph of [`GRAPHS`] as text.
fn graph(name: &str) -> &'static str {
    GRAPHS.iter().find(|(known, _)| *known == name).unwrap().1
}

/// A plan from lines of name, kind, inputs and shape. Groups ask only where branches meet, for activations and for shapes,
/// so one operation stands for all others.
fn plan(text: &str) -> Plan {
    let layers = text.lines().map(|line| {
        let [name, kind, inputs, shape] = line.split('\t').collect::<Vec<_>>()[..] else {
            panic!("{line}")
        };
        let inputs = inputs.split(',').filter(|input| !input.is_empty());
        let sides: Vec<usize> = shape.split('x').map(|side| side.parse().unwrap()).collect();
        let shape = Shape {
            height: sides[0],
            width: sides[1],
            channels: sides[2],
        };
        let op = match kind {
            "input" => Op::Input,
            "activation" => Op::RELU,
            "identity" => Op::Identity,
            "mean" => Op::GlobalAveragePool,
            "average" => Op::AveragePool {
                window: Window::square(2, 2, Padding::Same),
            },
            _ => Op::UnitNorm,
        };
        let has_map = shape.cells() > 1 && !matches!(op, Op::Input | Op::Identity);
        Layer {
            name: name.to_owned(),
            weights: name.to_owned(),
            op,
            inputs: inputs.map(|input| LayerId(input.parse().unwrap())).collect(),
            shape,
            role: if has_map { Role::Target } else { Role::NoMap },
        }
    });
    Plan::new(layers.collect(), Output::Softmax).unwrap()
}

/// The lines of a chain of layers, each with its kind and side, between an input and a head.
fn chain(layers: &[(&str, &str, usize)]) -> String {
    let mut text = "input\tinput\t\t64x64x3\n".to_owned();
    for (index, (name, kind, side)) in layers.iter().enumerate() {
        writeln!(text, "{name}\t{kind}\t{index}\t{side}x{side}x8").unwrap();
    }
    write!(text, "mean\tmean\t{}\t1x1x8", layers.len()).unwrap();
    text
}

/// The same graph with the names that Keras gives to layers without one: `conv`, `conv_1`, `norm` ...
fn renamed(text: &str) -> String {
    let mut counts: HashMap<&str, usize> = HashMap::new();
    let lines = text.lines().map(|line| {
        let [_, kind, inputs, shape] = line.split('\t').collect::<Vec<_>>()[..] else {
            panic!("{line}")
        };
        let count = counts.entry(kind).or_default();
        *count += 1;
        match *count {
            1 => format!("{kind}\t{kind}\t{inputs}\t{shape}"),
            count => format!("{kind}_{}\t{kind}\t{inputs}\t{shape}", count - 1),
        }
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// EfficientNet-Lite0: the first block has no expansion, and blocks that change nothing in shape end in an addition.
fn efficientnet_lite0() -> String {
    let blocks = [
        ("1a", 112, 112),
        ("2a", 112, 56),
        ("2b", 56, 56),
        ("3a", 56, 28),
        ("3b", 28, 28),
    ];
    let mut lines = vec!["input\tinput\t\t224x224x3".to_owned()];
    let mut push = |name: String, kind: &str, side: usize, skip: Option<usize>| {
        let before = lines.len() - 1;
        let inputs = skip.map_or_else(|| before.to_string(), |skip| format!("{before},{skip}"));
        lines.push(format!("{name}\t{kind}\t{inputs}\t{side}x{side}x8"));
        lines.len() - 1
    };
    let mut end = 0;
    for (part, kind) in [("conv", "conv"), ("bn", "norm"), ("activation", "activation")] {
        end = push(format!("stem_{part}"), kind, 112, None);
    }
    for (block, from, to) in blocks {
        let begin = end;
        if block != "1a" {
            for (part, kind) in [
                ("expand_conv", "conv"),
                ("expand_bn", "norm"),
                ("expand_activation", "activation"),
            ] {
                push(format!("block{block}_{part}"), kind, from, None);
            }
        }
        for (part, kind) in [("dwconv", "depthwise"), ("bn", "norm"), ("activation", "activation")] {
            push(format!("block{block}_{part}"), kind, to, None);
        }
        for (part, kind) in [("project_conv", "conv"), ("project_bn", "norm")] {
            end = push(format!("block{block}_{part}"), kind, to, None);
        }
        if block.ends_with('b') {
            end = push(format!("block{block}_add"), "add", to, Some(begin));
        }
    }
    for (part, kind) in [("conv", "conv"), ("bn", "norm"), ("activation", "activation")] {
        push(format!("top_{part}"), kind, 28, None);
    }
    push("avg_pool".to_owned(), "mean", 1, None);
    lines.join("\n")
}

/// The names of the groups.
fn names(text: &str) -> Vec<String> {
    plan(text).groups().iter().map(|group| group.name.clone()).collect()
}

/// The first and the last layer of a group.
fn ends(plan: &Plan, group: &str) -> [String; 2] {
    let group = plan.groups().iter().find(|known| known.name == group).unwrap();
    [group.layers[0], group.last()].map(|id| plan.layer(id).name.clone())
}

fn assert_each_layer_is_in_one_group(plan: &Plan) {
    let grouped = plan.groups().iter().flat_map(|group| group.layers.clone());
    assert!(grouped.eq(plan.mappable()));
    for id in plan.ids() {
        let has_map = plan.layer(id).role != Role::NoMap;
        let group = plan.group_of(id).map(|position| &plan.groups()[position]);
        assert_eq!(group.is_some_and(|group| group.has(id)), has_map);
    }
    let names: HashSet<&str> = plan.groups().iter().map(|group| group.name.as_str()).collect();
    assert_eq!(names.len(), plan.groups().len());
    for group in plan.groups() {
        assert_eq!(group.shape, plan.layer(group.last()).shape);
    }
    assert!(
        plan.groups()
            .iter()
            .any(|group| group.last() == plan.last_feature_layer())
    );
}

#[test]
fn every_layer_is_in_one_group_whose_name_no_other_has() {
    for (_, text) in GRAPHS {
        assert_each_layer_is_in_one_group(&plan(text));
        assert_each_layer_is_in_one_group(&plan(&renamed(text)));
    }
    assert_each_layer_is_in_one_group(&plan(&efficientnet_lite0()));
    // nothing in the shape of a graph or in its names may lose a layer
    let mut random = 1_u64;
    let mut below = |end: usize| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (random >> 33) as usize % end
    };
    for _ in 0..500 {
        let mut text = "in\tinput\t\t64x64x3\n".to_owned();
        let length = 1 + below(30);
        for index in 0..length {
            let words = ["a", "_", "block1", "b/2", "", "conv_3"];
            let name = format!("{}_{}'{index}", words[below(6)], words[below(6)]);
            let kind = ["conv", "activation", "identity", "average"][below(4)];
            let other = format!("{index},{}", below(index + 1));
            let inputs = if below(3) == 0 { other } else { index.to_string() };
            writeln!(text, "{name}\t{kind}\t{inputs}\t{}x{}x3", 1 + below(9), 2 + below(9)).unwrap();
        }
        writeln!(text, "last\tconv\t{length}\t2x2x3\nmean\tmean\t{}\t1x1x3", length + 1).unwrap();
        assert_each_layer_is_in_one_group(&plan(&text));
    }
}

#[test]
fn blocks_are_told_by_their_names_where_neither_shape_nor_sum_ends_them() {
    let expected = ["stem", "block1a", "block2a", "block2b", "block3a", "block3b", "top"];
    assert_eq!(names(&efficientnet_lite0()), expected);
    let lite = plan(&efficientnet_lite0());
    assert_eq!(ends(&lite, "block2a"), ["block2a_expand_conv", "block2a_project_bn"]);
    assert_eq!(ends(&lite, "block2b"), ["block2b_expand_conv", "block2b_add"]);
    let mut mobile = vec!["Conv1_relu".to_owned(), "expanded_conv".to_owned()];
    mobile.extend((1..=16).map(|block| format!("block_{block}")));
    mobile.push("Conv_1".to_owned());
    assert_eq!(names(graph("mobilenetv2")), mobile);
    let vgg = plan(graph("vgg16"));
    assert_eq!(
        names(graph("vgg16")),
        ["block1", "block2", "block3", "block4", "block5"]
    );
    assert_eq!(ends(&vgg, "block3"), ["block3_conv1", "block3_pool"]);
}

#[test]
fn a_sum_ends_a_group_with_the_activation_that_alone_reads_it() {
    let found = names(graph("resnet50"));
    assert_eq!(found[..4], ["conv1", "pool1", "conv2_block1", "conv2_block2"]);
    assert_eq!(found.len(), 2 + 3 + 4 + 6 + 3);
    let resnet = plan(graph("resnet50"));
    assert_eq!(
        ends(&resnet, "conv3_block1"),
        ["conv3_block1_1_conv", "conv3_block1_out"]
    );
    // 58 small groups rather than four of more than a hundred layers
    let dense = plan(graph("densenet121"));
    assert_eq!(
        ends(&dense, "conv4_block24"),
        ["conv4_block24_0_bn", "conv4_block24_concat"]
    );
    assert!(dense.groups().iter().all(|group| group.layers.len() <= 7));
}

#[test]
fn layers_whose_names_only_count_are_grouped_by_the_graph_and_named_by_the_last() {
    let found = names(graph("inceptionv3"));
    assert_eq!(found[..3], ["activation_2", "activation_4", "mixed0"]);
    assert_eq!(found[12], "mixed10");
    let resnet = plan(&renamed(graph("resnet50")));
    let original = plan(graph("resnet50"));
    // but for the beginning, as nothing says that the padding belongs to the pool
    let blocks = |plan: &Plan| {
        plan.groups()[3..]
            .iter()
            .map(|group| group.layers.clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(blocks(&resnet), blocks(&original));
    assert_eq!(resnet.groups()[2].name, "activation_3");
}

#[test]
fn without_sums_and_names_a_group_is_a_run_of_equal_resolution() {
    let own = chain(&[
        ("conv2d", "conv", 62),
        ("conv2d_1", "conv", 60),
        ("max_pooling2d", "pool", 30),
        ("conv2d_2", "conv", 28),
        ("dropout", "identity", 28),
        ("max_pooling2d_1", "pool", 14),
        ("conv2d_3", "conv", 12),
        ("average_pooling2d", "average", 6),
    ]);
    let plan = plan(&own);
    let found: Vec<&str> = plan.groups().iter().map(|group| group.name.as_str()).collect();
    // what only blurs behind the last map is a group of its own
    assert_eq!(found, ["conv2d_1", "conv2d_2", "conv2d_3", "average_pooling2d"]);
    assert_eq!(plan.layer(plan.groups()[1].layers[0]).name, "max_pooling2d");
}

#[test]
fn one_name_for_everything_says_nothing() {
    let own = chain(&[
        ("net_a_conv", "conv", 32),
        ("net_a_relu", "activation", 32),
        ("net_b_conv", "conv", 32),
        ("net_b_relu", "activation", 32),
        ("net_c/conv", "conv", 32),
        ("net_c/relu", "activation", 32),
    ]);
    assert_eq!(names(&own), ["net_a", "net_b", "net_c"]);
    // a name that comes back is told apart
    let own = chain(&[
        ("a_x", "conv", 9),
        ("a_y", "conv", 9),
        ("b_x", "conv", 9),
        ("b_y", "conv", 9),
        ("a_z", "conv", 9),
        ("a_w", "conv", 9),
    ]);
    assert_eq!(names(&own), ["a", "b", "a (2)"]);
}

#[test]
fn a_layer_is_short_without_the_name_of_its_group() {
    let group = Group {
        name: "block1".to_owned(),
        layers: vec![LayerId(1)],
        shape: Shape::vector(1),
    };
    for (layer, short) in [
        ("block1_conv1", "conv1"),
        ("block1/conv1", "conv1"),
        ("block10_conv", "block10_conv"),
        ("block1", "block1"),
        ("add_3", "add_3"),
    ] {
        assert_eq!(group.short(layer), short);
    }
}
