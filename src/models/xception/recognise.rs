//! Finding Keras' Xception in a graph, whatever its layers are called.

use super::architecture::{Architecture, MAX_MIDDLE_BLOCKS};
use super::plan::plan as plan_of;
use crate::network::{LayerId, Op, Plan, Role};

/// Separable convolutions outside of the middle blocks, and in each of those.
const SEPARABLE: (usize, usize) = (10, 3);

/// Keras' Xception in a graph.
pub struct Body {
    /// Where it ends.
    pub end: LayerId,
    /// Its layers, with the roles that they have in Keras' Xception.
    roles: Vec<(LayerId, Role)>,
}

impl Body {
    /// Gives the layers their roles.
    pub fn assign_roles(&self, plan: &mut Plan) {
        for &(id, role) in &self.roles {
            plan.layers[id.0].role = role;
        }
    }
}

/// Finds the body, if there is one.
///
/// The graph is compared from the end of the body to its beginning: operations, windows and branches must be the same,
/// widths may differ.
pub fn body(plan: &Plan) -> Option<Body> {
    let separable = plan.layers.iter().filter(|layer| layer.op == Op::SeparableConv).count();
    for blocks in (0..=MAX_MIDDLE_BLOCKS).rev() {
        // a head may have separable convolutions of its own
        if SEPARABLE.0 + SEPARABLE.1 * blocks > separable {
            continue;
        }
        let mut architecture = Architecture::keras(1);
        architecture.middle.truncate(blocks);
        let Ok(pattern) = plan_of(&architecture) else { continue };
        let mut ends = plan.ids().rev().filter(|&id| plan.layer(id).op.is_relu());
        let found = ends.find_map(|end| matched(plan, &pattern, end).map(|roles| Body { end, roles }));
        if found.is_some() {
            return found;
        }
    }
    None
}

/// The layers of the body that ends at `end`, with their roles.
fn matched(plan: &Plan, pattern: &Plan, end: LayerId) -> Option<Vec<(LayerId, Role)>> {
    let mut found: Vec<Option<LayerId>> = vec![None; pattern.layers.len()];
    let mut open = vec![(pattern.last_feature_layer(), end)];
    while let Some((wanted, id)) = open.pop() {
        // what a body reads is the picture, or what prepares it
        if pattern.layer(wanted).op == Op::Input {
            if !is_prepared_input(plan, id) {
                return None;
            }
            continue;
        }
        let id = skipped(plan, id);
        match found[wanted.0] {
            Some(known) if known == id => continue,
            Some(_) => return None,
            None => found[wanted.0] = Some(id),
        }
        let (a, b) = (pattern.layer(wanted), plan.layer(id));
        if !is_alike(&a.op, &b.op) || a.inputs.len() != b.inputs.len() {
            return None;
        }
        let mut inputs = b.inputs.clone();
        // sums are written in either order
        if a.op == Op::Add {
            let first = |plan: &Plan, id: LayerId| is_alike(&plan.layer(skipped(plan, id)).op, &Op::Add);
            let is_pool = |id: LayerId| matches!(plan.layer(skipped(plan, id)).op, Op::MaxPool { .. });
            let swap = match pattern.layer(a.inputs[0]).op {
                Op::MaxPool { .. } => !is_pool(inputs[0]),
                _ => first(plan, inputs[0]),
            };
            if swap {
                inputs.reverse();
            }
        }
        open.extend(a.inputs.iter().copied().zip(inputs));
    }
    let roles = pattern.ids().zip(found);
    Some(
        roles
            .filter_map(|(wanted, id)| Some((id?, pattern.layer(wanted).role)))
            .collect(),
    )
}

/// The layer behind those that do nothing.
fn skipped(plan: &Plan, mut id: LayerId) -> LayerId {
    while let (Op::Identity, [input]) = (&plan.layer(id).op, plan.layer(id).inputs.as_slice()) {
        id = *input;
    }
    id
}

/// Whether a layer is the picture, or made of it cell by cell.
fn is_prepared_input(plan: &Plan, mut id: LayerId) -> bool {
    loop {
        let layer = plan.layer(id);
        match *layer.inputs.as_slice() {
            [] => return layer.op == Op::Input,
            [input] if layer.op.is_cellwise() && !layer.op.is_dense() => id = input,
            _ => return false,
        }
    }
}

/// Whether two operations are the same but for widths.
fn is_alike(a: &Op, b: &Op) -> bool {
    match (a, b) {
        (Op::BatchNorm { .. }, Op::BatchNorm { .. }) => true,
        (
            Op::Conv {
                window: a, bias: false, ..
            },
            Op::Conv {
                window: b,
                bias: false,
                groups: 1,
                ..
            },
        ) => {
            a.kernel == b.kernel
                && a.stride == b.stride
                && a.dilation == b.dilation
                && (a.padding == b.padding || a.kernel == [1; 2])
        }
        _ => a == b,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::roles;

    #[test]
    fn a_plain_xception_has_the_roles_that_its_plan_gives() {
        for blocks in 0..=MAX_MIDDLE_BLOCKS {
            let mut architecture = Architecture::keras(1000);
            architecture.middle.truncate(blocks);
            let expected = plan_of(&architecture).unwrap();
            let mut plan = expected.clone();
            roles::derive(&mut plan.layers);
            let body = body(&plan).unwrap();
            assert_eq!(body.end, expected.last_feature_layer(), "{blocks}");
            body.assign_roles(&mut plan);
            assert_eq!(plan, expected, "{blocks}");
        }
    }
}
