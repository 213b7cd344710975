//! Where the tensors of a layer are in a file, as far as its description tells.

/// The ways in which files name one layer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// In a `.keras` archive's HDF5: `layers/functional/layers/conv2d_3`, counted by class in the order of the
    /// description, anew in each model (`keras/src/saving/saving_lib.py`); none where the order makes that unclear.
    pub archive: Option<String>,
    /// The models that the layer stands in, from the outside in, without the outermost.
    pub models: Vec<String>,
    /// Keras' name of the layer.
    pub layer: String,
}

/// The tensors of one layer, which may be none.
#[derive(Clone, Debug, PartialEq)]
pub struct Placement {
    /// The name in front of its tensors in the plan's parameters.
    pub weights: String,
    /// Where they are.
    pub place: Place,
    /// Their names, in Keras' order.
    pub tensors: Vec<&'static str>,
}

/// Keras' name for a class in an archive (`to_snake_case` in `keras/src/utils/naming.py`).
pub(super) fn snake_case(class: &str) -> String {
    let letters: Vec<char> = class.chars().filter(|c| c.is_alphanumeric() || *c == '_').collect();
    // (.)([A-Z][a-z]+) becomes \1_\2, then ([a-z])([A-Z]) becomes \1_\2
    let mut first = String::new();
    let mut at = 0;
    while at < letters.len() {
        let is_word = letters.get(at + 1).is_some_and(char::is_ascii_uppercase)
            && letters.get(at + 2).is_some_and(char::is_ascii_lowercase);
        first.push(letters[at]);
        at += 1;
        if is_word {
            first.push('_');
            first.push(letters[at]);
            at += 1;
            while letters.get(at).is_some_and(char::is_ascii_lowercase) {
                first.push(letters[at]);
                at += 1;
            }
        }
    }
    let mut name = String::new();
    let mut before = ' ';
    for letter in first.chars() {
        if before.is_ascii_lowercase() && letter.is_ascii_uppercase() {
            name.push('_');
        }
        name.push(letter);
        before = letter;
    }
    name.to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_keras() {
        for (class, name) in [
            ("Conv2D", "conv2d"),
            ("SeparableConv2D", "separable_conv2d"),
            ("DepthwiseConv2D", "depthwise_conv2d"),
            ("BatchNormalization", "batch_normalization"),
            ("GlobalAveragePooling2D", "global_average_pooling2d"),
            ("PReLU", "p_re_lu"),
            ("ELU", "elu"),
            ("Functional", "functional"),
            ("TFOpLambda", "tf_op_lambda"),
        ] {
            assert_eq!(snake_case(class), name);
        }
    }
}
