//! The templates of a release: those of the repository, but with functions from a bucket instead of sources to build.

use std::{fs, path::Path};

use sandbox::Product;

use super::VERSION;
use crate::Outcome;

/// What says where the functions are.
const PARAMETERS: &str = "
  # Where the release is
  CodeBucket:
    Type: String
    AllowedPattern: '[a-z0-9.-]{3,63}'
    ConstraintDescription: must be the name of a bucket
    Description: The S3 bucket, in this region, with the files of the release
  CodePrefix:
    Type: String
    Default: ''
    AllowedPattern: '([A-Za-z0-9!_.()-]+/)*'
    ConstraintDescription: must end with a slash, or be empty
    Description: Where in the bucket the files are, such as threat-relays/
";

/// Writes both templates, with the version in their names, so that a bucket can hold several releases.
///
/// # Errors
///
/// A template that has not the form that this change expects.
pub(super) fn write(root: &Path, out: &Path) -> Outcome {
    let template = fs::read_to_string(root.join("template.yaml"))?;
    fs::write(out.join(format!("template-{VERSION}.yaml")), deployable(&template)?)?;
    fs::copy(root.join("relay.yaml"), out.join(format!("relay-{VERSION}.yaml")))?;
    Ok(())
}

/// Returns the template with each function's zip and the nested template in the bucket.
fn deployable(template: &str) -> Outcome<String> {
    let relays = Product::ALL.len();
    let nested = format!(
        "TemplateURL: !Sub https://${{CodeBucket}}.s3.${{AWS::Region}}.${{AWS::URLSuffix}}/${{CodePrefix}}relay-{VERSION}.yaml\n"
    );
    let mut template =
        replaced(template, "\nParameters:\n", &format!("\nParameters:{PARAMETERS}\n"), 1)?;
    for product in Product::ALL {
        let slug = product.slug();
        let code = format!(
            "CodeUri: {{Bucket: !Ref CodeBucket, Key: !Sub '${{CodePrefix}}{slug}-{VERSION}-${{Architecture}}.zip'}}\n"
        );
        template = replaced(&template, &format!("CodeUri: relays/{slug}\n"), &code, 1)?;
        // A nested stack has a list of tags where a serverless application has a map.
        let application = format!("Location: relay.yaml\n      Tags: {{Relay: {slug}}}\n");
        let stack = format!("{nested}      Tags: [{{Key: Relay, Value: {slug}}}]\n");
        template = replaced(&template, &application, &stack, 1)?;
    }
    let template =
        replaced(&template, "    Metadata: {BuildMethod: rust-cargolambda}\n", "", relays)?;
    // The location of a serverless application cannot depend on a parameter.
    replaced(
        &template,
        "Type: AWS::Serverless::Application\n",
        "Type: AWS::CloudFormation::Stack\n",
        relays,
    )
}

/// Replaces a text that stands there as often as it should.
fn replaced(text: &str, old: &str, new: &str, count: usize) -> Outcome<String> {
    let found = text.matches(old).count();
    if found != count {
        let old = old.trim();
        return Err(format!("template.yaml has `{old}` {found} times instead of {count}").into());
    }
    Ok(text.replace(old, new))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_repositorys_template_has_the_expected_form() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let template =
            deployable(&fs::read_to_string(root.join("template.yaml")).unwrap()).unwrap();
        for left in ["BuildMethod", "CodeUri: relays/", "AWS::Serverless::Application"] {
            assert!(!template.contains(left), "{left}");
        }
        let key = format!("${{CodePrefix}}misp-{VERSION}-${{Architecture}}.zip");
        assert!(template.contains(&key), "{key}");
    }

    #[test]
    fn a_template_of_another_form_is_not_changed_half() {
        let error = replaced("CodeUri: relays/misp\n", "CodeUri: relays/qualys-ioc\n", "", 1);
        assert_eq!(
            error.unwrap_err().to_string(),
            "template.yaml has `CodeUri: relays/qualys-ioc` 0 times instead of 1"
        );
    }
}
