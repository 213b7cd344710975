//! A network on the CPU, as fast as the machine allows: forward passes and vector-Jacobian products, one image, f32.
//!
//! # The idea
//!
//! Nine tenths of the work are 1x1 convolutions, which are matrix products, so everything is arranged for one matrix
//! product that runs near the processor's peak (`gemm`) and for reading nothing from far away that is not needed:
//!
//! 1. **Features are NHWC** with channels padded to blocks of 32 zeros (`buffer`). A pointwise convolution is then a
//!    plain product of [cells, inputs] and [inputs, outputs], everything else is a vector operation over channels, and
//!    no loop has a remainder, whatever the widths of the network.
//! 2. **Every convolution is a gather and a product** (`product`). A thread gathers some hundred rows, each what one
//!    output cell sees: the cells under a kernel of any size, stride and dilation (`gather`), or, of a separable
//!    convolution, the result of its 3x3 depthwise filter (`filter`), which so never goes to main memory. Rows stay in
//!    its L2 cache and are multiplied at once. A depthwise convolution with something between it and the next product is
//!    an operation of its own (`depthwise`).
//! 3. **Batch normalisation is part of the weights**, which are packed once, when they are loaded, in the order in which
//!    the product reads them (`pack`).
//! 4. **What is stored is the value before the ReLU**; whoever reads it takes max(x, 0) on the way, cut off at 6 for a
//!    ReLU6 (`rectifier`, `gate`). Each Keras layer can so be asked for, although a convolution, its batch normalisation and its activation are one operation
//!    (`nodes`). Whatever is no convolution is a pass of its own over the map (`steps`). Sums of residual branches are made by the product that ends the main branch, or together with the pool
//!    (`pool`).
//! 5. **All activations are kept**, in memory that is set aside once: they are the masks of the backward pass. It comes
//!    in huge pages where the system has them (`pages`). Where they would be more than 1.5 GB, early ones are computed
//!    again (`checkpoints`). Until a layer before the last is asked for, though, each is let go as soon as nothing reads it
//!    any more, and the three convolutions of an inverted residual are one operation (`chain`), whose wide map is made in
//!    strips where it would leave the caches (`strips`): a forward pass then stays near the processor.
//! 6. **Backward is the same product** with the weights transposed (`sweep`, `backward`). Explanations read means of
//!    gradients and weighted sums of activations straight from the buffers (`site`). The last steps to the picture, which
//!    few explanations take, are plain arithmetic (`image_gradient`).
//!
//! # Instruction sets
//!
//! Kernels are generic over the vector type (`lanes`) and chosen when the program runs: AVX-512, AVX2 with FMA, NEON, or
//! whatever the compiler makes of plain floats. The vectors are those of `pulp`, so kernels are safe Rust. Two rules keep
//! them fast, and both show only in the machine code: all that runs per vector is `#[inline(always)]` and no closure,
//! because other code is compiled without the instructions; and accumulators are indexed by literals only, because an
//! array that is indexed in a loop may be kept in memory.
//!
//! # Threads
//!
//! Each network has threads of its own, started once (`threads`). An operation is cut into parts that write to slices
//! of their own, so nothing is shared but what is read; threads meet at the end of each operation. A thread that the
//! system keeps waiting leaves its parts to the others.
//!
//! # Same bits
//!
//! Every value is computed by the same chain of operations, wherever the cuts between parts, tiles and threads lie, and
//! sums over cells are cut at fixed places. Results are therefore the same bits in every run and on any number of
//! threads; instruction sets differ by rounding.

mod backward;
mod buffer;
mod chain;
mod checkpoints;
mod convolution;
mod depthwise;
mod elementwise;
mod filter;
mod forward;
mod gate;
mod gather;
mod gemm;
mod given;
mod head;
mod image_gradient;
mod isa;
mod lanes;
mod memory;
mod nodes;
mod pack;
mod pages;
mod pool;
mod product;
mod rectifier;
mod site;
mod steps;
mod strips;
mod sweep;
#[cfg(test)]
mod tests;
mod threads;
mod transpose;

use std::rc::Rc;
use std::sync::{Arc, Mutex, PoisonError};

use candle_nn::VarBuilder;

use super::head::{Head, HeadPass};
use super::layer::LayerId;
use super::network::{Network, NetworkError, ReluRule, Visit, check_behind, check_given, check_input, check_sweep};
use super::op::Op;
use super::plain::PlainLayer;
use super::plan::Plan;
use buffer::{Buffer, Features, Scratch, padded};
use chain::Chain;
pub use checkpoints::MOST_KEPT;
use checkpoints::Part;
use convolution::Convolution;
use forward::widened;
use given::Given;
use image_gradient::AroundImage;
pub use isa::Isa;
use memory::Memory;
use nodes::{Node, Nodes, source};
use steps::{Read, Step};
use threads::{Threads, lock};

/// A network on our own kernels.
pub struct CpuNetwork {
    plan: Plan,
    isa: Isa,
    threads: Threads,
    scratch: Scratch,
    /// A line of zeros for any depthwise convolution.
    zeros: Buffer,
    /// One a layer of the plan.
    nodes: Vec<Node>,
    convolutions: Vec<Convolution>,
    /// Those that are computed together while the last map alone is kept.
    chains: Vec<Chain>,
    /// What prepares the image.
    preparations: Vec<PlainLayer>,
    /// What stands between it and the rest, for gradients with respect to the picture.
    around_image: AroundImage,
    steps: Vec<Step>,
    /// The image as it is after all preparations, if it is stored as a map too.
    picture: Option<LayerId>,
    head: Arc<Head>,
    /// The last input as the first convolution reads it, `[height, width, 3]`; empty before the first.
    image: Vec<f32>,
    /// One a layer of the plan; empty for layers that are not stored, and for those that were let go.
    stored: Vec<Features>,
    /// In which the network is computed, and what is let go of each.
    parts: Vec<Part>,
    /// What is not read any more behind each layer of the plan; none once a layer before the last was asked for, and all are
    /// kept.
    last_used: Option<Vec<Vec<LayerId>>>,
    /// What the head saw in the last pass; none before the first.
    head_pass: Option<HeadPass>,
    /// The layer whose output was given from outside in it.
    given: Option<Given>,
    memory: Memory,
}

impl CpuNetwork {
    /// Loads the weights of `plan` from `vb`, whose paths are Keras layer names, for the fastest instruction set here.
    ///
    /// Layers are read, folded and packed one by one on all `threads` (at least one), so that no more than a few
    /// layers are in memory twice.
    ///
    /// # Errors
    /// A tensor that `vb` cannot give, or threads that the system cannot start.
    pub fn load(plan: Plan, vb: &VarBuilder, threads: usize) -> Result<Self, NetworkError> {
        Self::load_with(plan, vb, threads, Isa::best())
    }

    /// As [`CpuNetwork::load`], for one of the instruction sets in [`Isa::available`].
    ///
    /// # Errors
    /// As [`CpuNetwork::load`].
    pub fn load_with(plan: Plan, vb: &VarBuilder, threads: usize, isa: Isa) -> Result<Self, NetworkError> {
        Self::load_within(plan, vb, threads, isa, MOST_KEPT)
    }

    /// As [`CpuNetwork::load_with`], keeping no more than about `bytes` of activations between the passes: where that is
    /// not enough, backward sweeps compute early layers again. [`CpuNetwork::load`] keeps 1.5 GB.
    ///
    /// # Errors
    /// As [`CpuNetwork::load`].
    pub fn load_within(
        plan: Plan,
        vb: &VarBuilder,
        threads: usize,
        isa: Isa,
        bytes: usize,
    ) -> Result<Self, NetworkError> {
        let Nodes {
            nodes,
            preparations,
            steps,
            picture,
        } = nodes::nodes(&plan);
        let threads = Threads::start(threads.max(1)).map_err(candle_core::Error::wrap)?;
        let wanted: Vec<_> = plan
            .ids()
            .zip(&nodes)
            .filter_map(|(id, node)| match node {
                Node::Raw { norm, .. } => Some((id, Some(*norm))),
                Node::Convolution { .. } => Some((id, None)),
                _ => None,
            })
            .collect();
        let head = Mutex::new(None);
        let convolutions: Vec<_> = wanted.iter().map(|_| Mutex::new(None)).collect();
        // the largest layers come last in the plan and first here, so that the threads finish together
        let parts = wanted.iter().zip(&convolutions).map(Some).rev();
        threads.each(parts.chain([None]), |_, part| match part {
            Some((&(id, norm), slot)) => {
                let load = || Convolution::load(isa, &plan, &nodes, id, norm, vb);
                *lock(slot) = Some(load());
            }
            None => {
                *lock(&head) = Some(Head::load(&plan, vb));
            }
        });
        let head = loaded(head)?;
        let preparations = preparations
            .into_iter()
            .map(|id| PlainLayer::load(&plan, plan.layer(id), vb));
        let steps = steps.into_iter().map(|id| Step::load(&plan, id, vb));
        let around_image = AroundImage::load(&plan, &nodes, vb)?;
        let is_stored = |id: LayerId| nodes[id.0].is_stored() || picture == Some(id);
        let parts = checkpoints::parts(&plan, &nodes, is_stored, bytes);
        let convolutions: Vec<_> = convolutions.into_iter().map(loaded).collect::<Result<_, _>>()?;
        let chains = chain::chains(&plan, &nodes, &convolutions, threads.count());
        let last_used = checkpoints::last_used(&plan, &nodes, &chains, is_stored);
        Ok(Self {
            isa,
            scratch: Scratch::new(threads.count()),
            zeros: Buffer::zeros(
                plan.layers
                    .iter()
                    .map(|layer| layer.shape.width * padded(layer.shape.channels))
                    .max()
                    .unwrap_or(0),
            ),
            threads,
            stored: plan.ids().map(|_| Features::none()).collect(),
            last_used: Some(last_used),
            convolutions,
            chains,
            preparations: preparations.collect::<Result<_, _>>()?,
            around_image,
            steps: steps.collect::<Result<_, _>>()?,
            picture,
            parts,
            head: Arc::new(head),
            plan,
            nodes,
            image: Vec::new(),
            head_pass: None,
            given: None,
            memory: Memory::default(),
        })
    }
}

impl CpuNetwork {
    /// Computes the layers of a part, those that were let go as well.
    fn compute(&mut self, part: usize, memory: &mut Memory) {
        let Part { layers, let_go } = self.parts[part].clone();
        for id in let_go {
            let mut features = memory.take(1, self.plan.layer(id).shape);
            // what is behind the channels stays zero
            features.values_mut().fill(0.0);
            self.stored[id.0] = features;
        }
        for index in layers {
            self.layer_forward(LayerId(index));
        }
    }

    /// Computes all layers and keeps the last map alone.
    fn compute_sparingly(&mut self, last_used: &[Vec<LayerId>]) {
        for (index, used) in last_used.iter().enumerate() {
            self.layer_forward_chained(LayerId(index));
            for id in used {
                let features = std::mem::replace(&mut self.stored[id.0], Features::none());
                if features.cells() > 0 {
                    self.memory.free.push(features);
                }
            }
        }
    }

    /// Computes all layers and keeps what is wanted of them.
    fn compute_layers(&mut self) {
        match self.last_used.take() {
            Some(last_used) => {
                self.compute_sparingly(&last_used);
                self.last_used = Some(last_used);
            }
            None => self.compute_all(),
        }
    }

    /// Runs the head on the last map, and keeps what it saw.
    fn run_head(&mut self) -> Vec<f64> {
        let features = widened(&self.value(self.plan.last_feature_layer()).values());
        let pass = self.head.forward(features, &self.workers());
        let logits = pass.logits().to_vec();
        self.head_pass = Some(pass);
        logits
    }

    /// Computes all layers and keeps those that backward sweeps need.
    fn compute_all(&mut self) {
        let mut memory = std::mem::take(&mut self.memory);
        for part in 0..self.parts.len() {
            self.compute(part, &mut memory);
            self.let_go(part, &mut memory);
        }
        self.memory = memory;
    }

    /// Keeps all activations from now on, those of the last pass too: whoever asks for one layer asks for others.
    fn keep_all(&mut self) {
        if self.last_used.take().is_none() {
            return;
        }
        let let_go = |id: LayerId| self.parts.iter().any(|part| part.let_go.contains(&id));
        for id in self.plan.ids() {
            let is_stored = self.nodes[id.0].is_stored() || self.picture == Some(id);
            if is_stored && !let_go(id) {
                self.stored[id.0] = Features::zeros(1, self.plan.layer(id).shape);
            }
        }
        if self.head_pass.is_some() {
            self.compute_all();
        }
    }

    /// Keeps all activations if this layer's is among those that were let go.
    fn keep_if_needed(&mut self, layer: LayerId) {
        if layer < self.plan.last_feature_layer() {
            self.keep_all();
        }
    }

    /// Lets go of what nothing behind a part reads.
    fn let_go(&mut self, part: usize, memory: &mut Memory) {
        for id in &self.parts[part].let_go {
            let features = std::mem::replace(&mut self.stored[id.0], Features::none());
            memory.give(Rc::new(features));
        }
    }

    /// Where the output of a layer is stored, and what it goes through on the way to whoever reads it.
    fn read(&self, layer: LayerId) -> Read<'_> {
        let from = source(&self.nodes, layer);
        Read {
            features: &self.stored[from.layer.0],
            rectifier: from.rectifier,
        }
    }
}

impl CpuNetwork {
    /// The output of a layer whose part is there.
    fn kept_activation(&self, layer: LayerId) -> Result<Vec<f32>, NetworkError> {
        let pass = self.head_pass.as_ref().ok_or(NetworkError::NoForward)?;
        Ok(match self.nodes[layer.0] {
            // steps of the preparation are not kept; all of them stand for what the first convolution reads
            Node::Input | Node::Preparation { .. } => self.image.clone(),
            Node::Border { of } => {
                let values = self.kept_activation(of)?;
                let [from, to] = [of, layer].map(|id| self.plan.layer(id).shape);
                let before = match self.plan.layer(layer).op {
                    Op::ZeroPad { before, .. } => before,
                    _ => [0; 2],
                };
                let mut all = vec![0.0; to.len()];
                for (y, line) in values.chunks_exact((from.width * from.channels).max(1)).enumerate() {
                    let at = ((y + before[0]) * to.width + before[1]) * to.channels;
                    all[at..][..line.len()].copy_from_slice(line);
                }
                all
            }
            Node::Head => {
                let index = layer.0 - self.plan.last_feature_layer().0 - 1;
                let output = pass.output(index).unwrap_or_default();
                output.iter().map(|&value| value as f32).collect()
            }
            _ => self.value(layer).values(),
        })
    }
}

/// What a part of loading left behind.
fn loaded<T>(slot: Mutex<Option<Result<T, NetworkError>>>) -> Result<T, NetworkError> {
    let result = slot.into_inner().unwrap_or_else(PoisonError::into_inner);
    result.unwrap_or_else(|| Err(candle_core::Error::msg("a layer was left out while loading").into()))
}

impl Network for CpuNetwork {
    fn plan(&self) -> &Plan {
        &self.plan
    }

    fn head(&self) -> &Arc<Head> {
        &self.head
    }

    fn head_pass(&self) -> Result<HeadPass, NetworkError> {
        self.head_pass.clone().ok_or(NetworkError::NoForward)
    }

    fn forward(&mut self, input: &[f32]) -> Result<Vec<f64>, NetworkError> {
        check_input(&self.plan, input.len())?;
        // a pass that fails must not leave half of the old one behind
        self.head_pass = None;
        self.image.clear();
        self.image.extend_from_slice(input);
        self.prepare_image();
        self.forget_given();
        self.compute_layers();
        Ok(self.run_head())
    }

    fn forward_from(&mut self, layer: LayerId, values: &[f64]) -> Result<Vec<f64>, NetworkError> {
        check_given(&self.plan, self.head_pass.is_some(), layer, values.len())?;
        if self.given_layer().is_some_and(|given| given != layer) {
            self.forget_given();
            self.compute_layers();
        }
        self.keep_if_needed(layer);
        self.give(layer, values);
        Ok(self.run_head())
    }

    fn activation(&mut self, layer: LayerId) -> Result<Vec<f32>, NetworkError> {
        self.keep_if_needed(layer);
        let part = self.parts.iter().position(|part| part.layers.contains(&layer.0));
        let again = part.filter(|&part| !self.parts[part].let_go.is_empty() && self.head_pass.is_some());
        let Some(part) = again else {
            return self.kept_activation(layer);
        };
        let mut memory = std::mem::take(&mut self.memory);
        self.compute(part, &mut memory);
        let values = self.kept_activation(layer);
        self.let_go(part, &mut memory);
        self.memory = memory;
        values
    }

    fn unit_shares(&self) -> Result<Option<Vec<f32>>, NetworkError> {
        if self.head_pass.is_none() {
            return Err(NetworkError::NoForward);
        }
        Ok(self.shares_of_cells())
    }

    fn backward(
        &mut self,
        unit_gradients: &[Vec<f64>],
        layers: &[LayerId],
        stop: &dyn Fn() -> bool,
        visit: &mut Visit<'_>,
    ) -> Result<(), NetworkError> {
        check_sweep(&self.plan, self.head_pass.is_some(), unit_gradients, layers)?;
        if let Some(&earliest) = layers.iter().min() {
            check_behind(&self.plan, self.given_layer(), earliest)?;
            self.keep_if_needed(earliest);
        }
        let mut memory = std::mem::take(&mut self.memory);
        let result = self.sweep(&mut memory, (unit_gradients, ReluRule::True), layers, stop, visit);
        self.memory = memory;
        result
    }

    fn input_gradient(
        &mut self,
        unit_gradient: &[f64],
        rule: ReluRule,
        stop: &dyn Fn() -> bool,
    ) -> Result<Vec<f32>, NetworkError> {
        self.keep_all();
        self.gradient_of_image(unit_gradient, rule, stop)
    }
}
