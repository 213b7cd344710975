//! Which network a description is of: by its graph, else by the names of its models and layers.

use super::json::Model;
use crate::imaging::Pixels;
use crate::network::{Activation, Op, Plan};

/// Keras' own networks (`keras/src/applications`), as far as their pixels differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    Xception,
    MobileNet,
    MobileNetV2,
    MobileNetV3,
    ResNet,
    ResNetV2,
    Vgg,
    DenseNet,
    InceptionV3,
    InceptionResNetV2,
    EfficientNet,
    EfficientNetV2,
    NasNet,
    ConvNext,
}

impl Family {
    /// The range of the pixels that `preprocess_input` of this family makes, where nothing in the file does; none where
    /// the weights of a family were trained on several.
    pub fn pixels(self) -> Option<Pixels> {
        match self {
            Self::Xception
            | Self::MobileNet
            | Self::MobileNetV2
            | Self::MobileNetV3
            | Self::ResNetV2
            | Self::InceptionV3
            | Self::InceptionResNetV2
            | Self::NasNet => Some(Pixels::MinusOneToOne),
            Self::ResNet | Self::Vgg => Some(Pixels::Caffe),
            Self::DenseNet => Some(Pixels::Torch),
            Self::EfficientNet | Self::EfficientNetV2 | Self::ConvNext => None,
        }
    }

    /// The family of a module of Keras' applications, such as `resnet50`.
    pub fn of_module(module: &str) -> Option<Self> {
        Some(match module {
            "xception" => Self::Xception,
            "mobilenet" => Self::MobileNet,
            "mobilenet_v2" => Self::MobileNetV2,
            "mobilenet_v3" => Self::MobileNetV3,
            "resnet" | "resnet50" => Self::ResNet,
            "resnet_v2" => Self::ResNetV2,
            "vgg16" | "vgg19" => Self::Vgg,
            "densenet" => Self::DenseNet,
            "inception_v3" => Self::InceptionV3,
            "inception_resnet_v2" => Self::InceptionResNetV2,
            "efficientnet" => Self::EfficientNet,
            "efficientnet_v2" => Self::EfficientNetV2,
            "nasnet" => Self::NasNet,
            "convnext" => Self::ConvNext,
            _ => return None,
        })
    }

    fn words(self) -> &'static str {
        match self {
            Self::Xception => "an Xception",
            Self::MobileNet => "MobileNet",
            Self::MobileNetV2 => "MobileNetV2",
            Self::MobileNetV3 => "MobileNetV3",
            Self::ResNet => "a ResNet",
            Self::ResNetV2 => "a ResNetV2",
            Self::Vgg => "a VGG",
            Self::DenseNet => "DenseNet",
            Self::InceptionV3 => "InceptionV3",
            Self::InceptionResNetV2 => "InceptionResNetV2",
            Self::EfficientNet => "an EfficientNet",
            Self::EfficientNetV2 => "EfficientNetV2",
            Self::NasNet => "NASNet",
            Self::ConvNext => "ConvNeXt",
        }
    }
}

/// The sides of the inputs on which Keras' weights were trained, of families with several: by how the model's name ends.
const SIZES: [(&str, usize); 12] = [
    ("b0", 224),
    ("b1", 240),
    ("b2", 260),
    ("b3", 300),
    ("b4", 380),
    ("b5", 456),
    ("b6", 528),
    ("b7", 600),
    ("v2-s", 384),
    ("v2-m", 480),
    ("v2-l", 480),
    ("mobile", 224),
];

/// The side of the input on which Keras' own weights of this network were trained, where the names in it tell.
pub fn usual_size(model: &Model) -> Option<usize> {
    Some(match by_name(model)? {
        Family::Xception | Family::InceptionV3 | Family::InceptionResNetV2 => 299,
        Family::EfficientNet | Family::EfficientNetV2 | Family::NasNet => {
            let name = model.name.to_lowercase().replace('_', "-");
            SIZES.iter().find(|(ending, _)| name.ends_with(ending))?.1
        }
        _ => 224,
    })
}

/// Beginnings of the names that Keras gives to its models, the longer first, and what they are in words.
const MODELS: [(&str, Family, &str); 21] = [
    ("xception", Family::Xception, "an Xception"),
    ("mobilenetv2", Family::MobileNetV2, "MobileNetV2"),
    ("mobilenetv3large", Family::MobileNetV3, "MobileNetV3Large"),
    ("mobilenetv3small", Family::MobileNetV3, "MobileNetV3Small"),
    ("mobilenetv3", Family::MobileNetV3, "MobileNetV3"),
    ("mobilenet", Family::MobileNet, "MobileNet"),
    ("resnet50v2", Family::ResNetV2, "ResNet50V2"),
    ("resnet101v2", Family::ResNetV2, "ResNet101V2"),
    ("resnet152v2", Family::ResNetV2, "ResNet152V2"),
    ("resnet50", Family::ResNet, "ResNet50"),
    ("resnet101", Family::ResNet, "ResNet101"),
    ("resnet152", Family::ResNet, "ResNet152"),
    ("vgg16", Family::Vgg, "VGG16"),
    ("vgg19", Family::Vgg, "VGG19"),
    ("densenet", Family::DenseNet, "DenseNet"),
    ("inception_v3", Family::InceptionV3, "InceptionV3"),
    ("inception_resnet_v2", Family::InceptionResNetV2, "InceptionResNetV2"),
    ("efficientnetv2", Family::EfficientNetV2, "EfficientNetV2"),
    ("efficientnet", Family::EfficientNet, "EfficientNet"),
    ("nasnet", Family::NasNet, "NASNet"),
    ("convnext", Family::ConvNext, "ConvNeXt"),
];

/// Layers that only one family has, for models whose name was changed.
const LAYERS: [(&str, Family); 11] = [
    ("block14_sepconv2", Family::Xception),
    ("block_1_expand", Family::MobileNetV2),
    ("conv_pw_13", Family::MobileNet),
    ("conv5_block3_out", Family::ResNet),
    ("post_relu", Family::ResNetV2),
    ("block5_conv3", Family::Vgg),
    ("conv5_block16_concat", Family::DenseNet),
    ("conv5_block32_concat", Family::DenseNet),
    ("mixed10", Family::InceptionV3),
    ("conv_7b_ac", Family::InceptionResNetV2),
    ("block6a_expand_conv", Family::EfficientNet),
];

/// Steps into models in models that are taken.
const MAX_DEPTH: usize = 30;

/// The network in words, such as `MobileNetV2 of 154 layers`.
pub fn words(model: &Model) -> String {
    let layers = model.all().len();
    let name = match by_model(model, 0) {
        Some((_, words)) => words,
        None if has_vision_transformer(model, 0) => "a vision transformer",
        None => by_layer(model).map_or("a Keras model", Family::words),
    };
    format!("{name} of {layers} layers")
}

/// The family by the names in a description.
pub fn by_name(model: &Model) -> Option<Family> {
    by_model(model, 0).map(|(family, _)| family).or_else(|| by_layer(model))
}

fn by_layer(model: &Model) -> Option<Family> {
    let layers = model.all();
    let known = LAYERS
        .iter()
        .find(|(name, _)| layers.iter().any(|layer| layer.name == *name));
    known.map(|(_, family)| *family)
}

/// By the name of the model or of one in it.
fn by_model(model: &Model, depth: usize) -> Option<(Family, &'static str)> {
    let name = model.name.to_lowercase();
    let known = MODELS.iter().find(|(beginning, ..)| name.starts_with(beginning));
    known.map(|&(_, family, words)| (family, words)).or_else(|| {
        let mut inner = model.layers.iter().filter_map(|layer| layer.model.as_deref());
        (depth < MAX_DEPTH)
            .then(|| inner.find_map(|model| by_model(model, depth + 1)))
            .flatten()
    })
}

fn has_vision_transformer(model: &Model, depth: usize) -> bool {
    let mut inner = model.layers.iter().filter_map(|layer| layer.model.as_deref());
    model.name.to_lowercase().starts_with("vit")
        || depth < MAX_DEPTH && inner.any(|model| has_vision_transformer(model, depth + 1))
}

/// The family of a network without Xception's body by the graph alone, whatever its layers are called: by the kinds of
/// its operations and how many there are.
pub fn by_graph(plan: &Plan) -> Option<Family> {
    let body = &plan.layers[..=plan.last_feature_layer().0];
    let count = |is: &dyn Fn(&Op) -> bool| body.iter().filter(|layer| is(&layer.op)).count();
    let convolutions = count(&|op| matches!(op, Op::Conv { .. }));
    let depthwise = count(&|op| matches!(op, Op::Depthwise { .. }));
    let sums = count(&|op| matches!(op, Op::Add));
    let products = count(&|op| matches!(op, Op::Multiply));
    let joined = count(&|op| matches!(op, Op::Concatenate));
    let pools = count(&|op| matches!(op, Op::MaxPool { .. }));
    let norms = count(&|op| matches!(op, Op::BatchNorm { .. }));
    let uses = |activation: Activation| body.iter().any(|layer| layer.op == Op::Activation(activation));
    let cuts_at_6 = body.iter().any(|layer| {
        matches!(
            layer.op,
            Op::Activation(Activation::Relu { max: Some(max), .. }) if max == 6.0
        )
    });
    let first = body.iter().position(|layer| matches!(layer.op, Op::Conv { .. }))?;
    let begins_with = |side: usize, step: usize| match &body[first].op {
        Op::Conv { window, .. } => window.kernel == [side; 2] && window.stride == [step; 2],
        _ => false,
    };
    let is_normalised = body
        .iter()
        .any(|layer| matches!(layer.op, Op::BatchNorm { .. }) && layer.inputs.iter().any(|input| input.0 == first));
    let only_small_kernels = body.iter().all(|layer| match &layer.op {
        Op::Conv { window, .. } => window.kernel == [3; 2] && window.stride == [1; 2],
        _ => true,
    });
    Some(match (depthwise, sums, joined, convolutions) {
        (13, 0, 0, 14) if cuts_at_6 && products == 0 => Family::MobileNet,
        (17, 10, 0, 35) if cuts_at_6 && products == 0 => Family::MobileNetV2,
        (11, _, 0, _) | (15, _, 0, _) if products > 0 && (cuts_at_6 || uses(Activation::HardSilu)) => {
            Family::MobileNetV3
        }
        (16.., _, 0, _) if products > 0 && uses(Activation::Silu) => Family::EfficientNet,
        (0, 16 | 33 | 50, 0, 53 | 104 | 155) if begins_with(7, 2) => match is_normalised {
            true => Family::ResNet,
            false => Family::ResNetV2,
        },
        (0, 0, 58 | 82 | 98, 120 | 168 | 200) if begins_with(7, 2) => Family::DenseNet,
        (0, 0, 0, 13 | 16) if only_small_kernels && pools >= 4 && norms == 0 => Family::Vgg,
        (0, 0, 15, 94) if begins_with(3, 2) => Family::InceptionV3,
        (0, 0, 43, 244) if begins_with(3, 2) => Family::InceptionResNetV2,
        _ if body.iter().any(|layer| layer.op == Op::LayerScale) => Family::ConvNext,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_input_size_is_that_of_the_family_or_of_the_width() {
        let sizes = [
            ("MobileNetV3Small", Some(224)),
            ("xception", Some(299)),
            ("inception_resnet_v2", Some(299)),
            ("efficientnetb7", Some(600)),
            ("efficientnetv2-s", Some(384)),
            ("efficientnetv2-b3", Some(300)),
            ("NASNetMobile", Some(224)),
            ("nasnet_large", None),
            ("resnet50", Some(224)),
            ("my_model", None),
        ];
        for (name, usual) in sizes {
            let config = format!(
                r#"{{"class_name": "Sequential", "config": {{"name": "{name}", "layers": [
                    {{"class_name": "Flatten", "config": {{"name": "flatten"}}}}]}}}}"#
            );
            let model = Model::parse(&config).unwrap();
            assert_eq!(usual_size(&model), usual, "{name}");
        }
    }
}
