//! The picture that a network looks at, and the same picture with something hidden.

/// A network's input with what stands for nothing in it.
#[derive(Clone, Copy, Debug)]
pub struct Picture<'a> {
    /// The input, `[height, width, channels]`, scaled as the network takes it.
    pub values: &'a [f32],
    /// A black pixel on the same scale, one value a channel.
    pub black: &'a [f32],
    /// A pixel of middle grey on the same scale, one value a channel: what hides something without being dark or bright.
    pub grey: &'a [f32],
}

impl Picture<'_> {
    /// A picture of the same size of nothing but one colour.
    pub(super) fn filled(&self, colour: &[f32]) -> Vec<f32> {
        let channels = colour.len().max(1);
        let cells = self.values.len() / channels;
        colour.iter().copied().cycle().take(cells * channels).collect()
    }

    /// The picture where the mask is 1, grey where it is 0, and in between between them; `mask` is `[height, width]`.
    pub(super) fn seen_through(&self, mask: impl Iterator<Item = f64>) -> Vec<f32> {
        self.on(self.grey, mask)
    }

    /// The picture on a ground of one colour: where `shares`, `[height, width]`, are 0 the colour alone.
    pub(super) fn on(&self, colour: &[f32], shares: impl Iterator<Item = f64>) -> Vec<f32> {
        let pixels = self.values.chunks_exact(colour.len().max(1)).zip(shares);
        pixels
            .flat_map(|(pixel, share)| {
                let values = pixel.iter().zip(colour);
                values.map(move |(&value, &ground)| {
                    let (value, ground) = (f64::from(value), f64::from(ground));
                    (ground + (value - ground) * share) as f32
                })
            })
            .collect()
    }
}
