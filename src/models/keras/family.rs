//! Which network a description is of, in words, for people: by the names of its models and layers.

use super::json::Model;

/// Beginnings of the names that Keras gives to its models, the longer first.
const MODELS: [(&str, &str); 22] = [
    ("xception", "an Xception"),
    ("mobilenetv2", "MobileNetV2"),
    ("mobilenetv3large", "MobileNetV3Large"),
    ("mobilenetv3small", "MobileNetV3Small"),
    ("mobilenetv3", "MobileNetV3"),
    ("mobilenet", "MobileNet"),
    ("resnet50v2", "ResNet50V2"),
    ("resnet101v2", "ResNet101V2"),
    ("resnet152v2", "ResNet152V2"),
    ("resnet50", "ResNet50"),
    ("resnet101", "ResNet101"),
    ("resnet152", "ResNet152"),
    ("vgg16", "VGG16"),
    ("vgg19", "VGG19"),
    ("densenet", "DenseNet"),
    ("inception_v3", "InceptionV3"),
    ("inception_resnet_v2", "InceptionResNetV2"),
    ("efficientnetv2", "EfficientNetV2"),
    ("efficientnet", "EfficientNet"),
    ("nasnet", "NASNet"),
    ("convnext", "ConvNeXt"),
    ("vit", "a vision transformer"),
];

/// Layers that only one family has, for models whose name was changed.
const LAYERS: [(&str, &str); 10] = [
    ("block14_sepconv2", "an Xception"),
    ("block_1_expand", "MobileNetV2"),
    ("conv_pw_13", "MobileNet"),
    ("conv5_block3_out", "a ResNet"),
    ("post_relu", "a ResNetV2"),
    ("block5_conv3", "a VGG"),
    ("conv5_block16_concat", "DenseNet"),
    ("mixed10", "InceptionV3"),
    ("conv_7b_ac", "InceptionResNetV2"),
    ("block6a_expand_conv", "an EfficientNet"),
];

/// The network in words, such as `MobileNetV2 of 154 layers`.
pub fn of(model: &Model) -> String {
    let layers = model.all();
    let by_layer = || {
        let known = LAYERS
            .iter()
            .find(|(name, _)| layers.iter().any(|layer| layer.name == *name));
        known.map(|(_, family)| *family)
    };
    let family = by_model(model, 0).or_else(by_layer).unwrap_or("a Keras model");
    format!("{family} of {} layers", layers.len())
}

/// By the name of the model or of one in it.
fn by_model(model: &Model, depth: usize) -> Option<&'static str> {
    let name = model.name.to_lowercase();
    let known = MODELS.iter().find(|(beginning, _)| name.starts_with(beginning));
    known.map(|(_, family)| *family).or_else(|| {
        let mut inner = model.layers.iter().filter_map(|layer| layer.model.as_deref());
        if depth > 30 {
            None
        } else {
            inner.find_map(|model| by_model(model, depth + 1))
        }
    })
}
